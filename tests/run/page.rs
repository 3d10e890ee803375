//! Pages by which real servers are known, beside pages that somebody else wrote.

use super::cluster::Cluster;

const DEPLOY: &str = "
- name: Real servers
  hosts: real_servers
  tasks:
    - real_server_page: { src: index.html.j2, folder: /etc/www }
";

const SHOP: &str = "<h1>Shop</h1>\n";

#[test]
fn somebody_else_s_page_stays_and_all_real_servers_get_another() {
    let cluster = Cluster::new(3, DEPLOY);
    let [web1, web2, web3] = ["web1", "web2", "web3"].map(|name| &cluster.machine(name).root);
    web1.write("/etc/www/index.html", SHOP);
    // As it is declared already, so that nothing but the other page comes there.
    web2.write("/etc/www/index.html", "web2\n");
    web3.mkdir("/etc/www");
    let outcome = cluster.deploy();
    assert!(outcome.failed().is_empty(), "{:#?}", outcome.events);
    assert_eq!(outcome.changed(), [0, 1, 1, 2]);
    assert_eq!(outcome.plan.grown, [1, 2, 3], "each changes more than was told when it was read");
    let left = outcome.left();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        left[0].starts_with("web1: file /etc/www/index.html: somebody else's page is there: "),
        "{left:?}"
    );
    assert_eq!(web1.read("/etc/www/index.html"), SHOP);
    assert_eq!(web3.read("/etc/www/index.html"), "web3\n");
    for (root, name) in [(web1, "web1\n"), (web2, "web2\n"), (web3, "web3\n")] {
        assert_eq!(root.read("/etc/www/lvsprov-real-server"), name);
    }

    let again = cluster.deploy();
    assert!(again.plan.is_empty() && again.changed() == [0; 4], "{:#?}", again.made());
    assert!(again.plan.grown.is_empty());
    assert_eq!(again.left(), left, "it is told each time");

    std::fs::remove_file(web1.path("/etc/www/index.html")).unwrap();
    let gone = cluster.deploy();
    assert_eq!((gone.changed(), gone.left()), (vec![0, 1, 0, 0], Vec::new()));
    assert_eq!(web1.read("/etc/www/index.html"), "web1\n");
}
