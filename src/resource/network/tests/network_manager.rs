use super::*;
use crate::resource::network::owner::Setting;
use crate::resource::network::owners::Owners;

const ETC: &str = "/etc/NetworkManager/system-connections/";
const EL: &str = "/etc/sysconfig/network-scripts/";
const DHCP: &str =
    "[connection]\nid=Wired one\ninterface-name=eth0\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=link-local\n";
const STATIC_KEYFILE: &str = "[connection]\nid=Wired one\ninterface-name=eth0\n\n[ipv4]\naddress1=192.168.40.101/24\ngateway=192.168.40.1\n\
    method=manual\n";

fn keyfile(name: &str) -> String {
    format!("{ETC}{name}.nmconnection")
}

/// A device with a profile in a file, of which this is loaded.
fn device(file: &str, text: &str, loaded: &[&str]) -> Host {
    let file_line = format!("file {file}");
    Host::default()
        .nm(&["device eth0", "state connected", "profile Wired one", &file_line])
        .nm(loaded)
        .file(file, text)
        .address("eth0 192.168.40.101/24")
        .route("default via 192.168.40.1 dev eth0 proto dhcp metric 100 ")
}

fn wired() -> Host {
    let loaded = ["ipv4.method:manual", "ipv4.addresses:192.168.40.101/24", "ipv4.gateway:192.168.40.1"];
    device(&keyfile("Wired one"), STATIC_KEYFILE, &loaded)
}

fn known(mut host: Host, lines: &[&str]) -> Host {
    host.nm.splice(0..0, lines.iter().map(|line| (*line).to_owned()));
    host
}

fn differ(host: &Host) -> Result<Option<Change>, Refusal> {
    plan(&gateway("192.168.40.100"), &Facts::example(), &host.of_gateway())
}

fn edited(host: &Host) -> Vec<(String, String)> {
    let edits = Owners::parse(&host.owners()).unwrap().set_gateway("192.168.40.100".parse().unwrap(), "eth0");
    edits.unwrap().into_iter().map(|edit| (edit.path, edit.new.unwrap())).collect()
}

#[test]
fn a_dhcp_profile_gets_a_route_of_its_own_and_the_plan_says_what_is_ignored() {
    let host = device(&keyfile("Wired one"), DHCP, &["ipv4.method:auto", "ipv4.ignore-auto-routes:no"]);
    let change = differ(&host).unwrap().unwrap();
    assert_eq!(
        shown(&change),
        [
            format!("at boot: DHCP (eth0) -> 192.168.40.100 (eth0, {})", keyfile("Wired one")),
            "routes by DHCP: taken -> all ignored, from when eth0 next connects".into(),
            "running: 192.168.40.1 (eth0) -> 192.168.40.100 (eth0)".into(),
        ]
    );
    let text = DHCP.replace("[ipv4]\n", "[ipv4]\nignore-auto-routes=true\nroute1=0.0.0.0/0,192.168.40.100\n");
    assert_eq!(edited(&host), [(keyfile("Wired one"), text.clone())]);
    // as nmcli tells it, with and without braces
    for route in ["0.0.0.0/0 192.168.40.100", "{ ip = 0.0.0.0/0, nh = 192.168.40.100 }"] {
        let routes = format!("ipv4.routes:{route}");
        let loaded = ["ipv4.method:auto", &routes, "ipv4.ignore-auto-routes:yes"];
        let after = device(&keyfile("Wired one"), &text, &loaded);
        let right = "default via 192.168.40.100 dev eth0 ";
        assert_eq!(differ(&Host { v4: vec![right.into()], ..after }), Ok(None));
    }
}

#[test]
fn a_dhcp_profile_with_an_address_has_its_gateway_beside_it() {
    let text = DHCP.replace("method=auto", "address1=192.168.40.101/24\nmethod=auto");
    let host =
        device(&keyfile("Wired one"), &text, &["ipv4.method:auto", "ipv4.addresses:192.168.40.101/24"]);
    let expected = text.replace("1/24\n", "1/24\ngateway=192.168.40.100\nignore-auto-routes=true\n");
    assert_eq!(edited(&host)[0].1, expected);
    let never = text.replace("method=auto", "never-default=true\nmethod=auto");
    let loaded = ["ipv4.method:auto", "ipv4.addresses:192.168.40.101/24", "ipv4.never-default:yes"];
    assert_eq!(edited(&device(&keyfile("Wired one"), &never, &loaded))[0].1, expected);
}

#[test]
fn an_ifcfg_file_is_edited_where_network_manager_reads_it() {
    let path = format!("{EL}ifcfg-eth0");
    let text = "TYPE=Ethernet\nBOOTPROTO=none\nDEVICE=eth0\nONBOOT=yes\nIPADDR=192.168.40.101\nPREFIX=24\nGATEWAY=192.168.40.1\n";
    let loaded = ["ipv4.method:manual", "ipv4.addresses:192.168.40.101/24", "ipv4.gateway:192.168.40.1"];
    // on EL 8 the scripts may be there as well
    for scripts in [false, true] {
        let host = Host { scripts, ..device(&path, text, &loaded) };
        assert_eq!(edited(&host), [(path.clone(), text.replace("=192.168.40.1\n", "=192.168.40.100\n"))]);
        let script = differ(&host).unwrap().unwrap().script.reveal();
        assert!(script.contains(&format!("nmcli connection load {path}")), "{script}");
        let vip = on("eth0", "192.168.40.110/24");
        let change = plan(&vip, &Facts::example(), &host.of_address()).unwrap().unwrap();
        assert!(change.script.reveal().contains("IPADDR1=192.168.40.110"), "{}", change.script.reveal());
    }
    let edited = device(&path, text, &["ipv4.method:manual", "ipv4.gateway:192.168.40.9"]);
    assert!(differ(&edited).unwrap_err().reason.contains("not those that NetworkManager has loaded"));
}

#[test]
fn a_profile_that_may_not_come_at_boot_is_refused() {
    let own = format!("known yes yes 0 {}", keyfile("Wired one"));
    let rival = |line: &str| {
        let line = format!("known no {line} {}", keyfile("two"));
        let text = STATIC_KEYFILE.replace("Wired one", "two");
        differ(&known(wired(), &[&own, &line]).file(&keyfile("two"), &text))
    };
    let refusal = rival("yes 0").unwrap_err();
    assert!(refusal.reason.contains("two profiles for eth0"), "{}", refusal.reason);
    assert!(refusal.reason.contains("two.nmconnection") && refusal.reason.contains("Wired one.nmconnection"));
    assert!(rival("yes -5").is_ok(), "the other one is used first");
    assert!(rival("no 7").is_ok());
    let elsewhere = STATIC_KEYFILE.replace("eth0", "eth1");
    let line = format!("known no yes 0 {}", keyfile("two"));
    assert!(differ(&known(wired(), &[&own, &line]).file(&keyfile("two"), &elsewhere)).is_ok());
    let by_hand = format!("known yes no 0 {}", keyfile("Wired one"));
    let refusal = differ(&known(wired(), &[&by_hand])).unwrap_err();
    assert!(refusal.reason.contains("does not connect eth0 at boot"), "{}", refusal.reason);
}

#[test]
fn one_that_does_not_run_or_is_not_done_is_refused() {
    let stopped = differ(&Host::default().nm(&["stopped"])).unwrap_err();
    assert!(stopped.reason.contains("does not run"), "{}", stopped.reason);
    assert!(stopped.remedy.contains("systemctl start NetworkManager"));
    let mut host = wired();
    host.nm[1] = "state connecting (getting IP configuration)".into();
    let refusal = differ(&host).unwrap_err();
    assert!(refusal.reason.contains("not done with eth0: connecting"), "{}", refusal.reason);
    let observed = |host: &Host| observe(&gateway("192.168.40.100"), &Facts::example(), &host.of_gateway());
    assert!(DefaultGateway::unsettled(&observed(&host)));
    assert!(!DefaultGateway::unsettled(&observed(&wired())));
}

#[test]
fn a_file_that_is_not_loaded_is_told_with_the_command_that_shows_it() {
    let other = STATIC_KEYFILE.replace("=192.168.40.1\n", "=192.168.40.2\n");
    let refusal = differ(&wired().file(&keyfile("Wired one"), &other)).unwrap_err();
    assert!(refusal.remedy.contains("`nmcli -f ipv4 connection show 'Wired one'` shows what is loaded"));
}

#[test]
fn an_interface_without_a_profile_is_told_with_its_state() {
    let host = wired().nm(&["device eth1", "state disconnected", "device lo", "state unmanaged"]);
    let refused = |interface: &str| {
        let vip = on(interface, "192.168.175.100/32");
        plan(&vip, &Facts::example(), &host.of_address()).unwrap_err()
    };
    let refusal = refused("eth1");
    assert_eq!(refusal.reason, "NetworkManager has no profile for eth1; the device is disconnected");
    assert!(refusal.remedy.contains("nmcli connection add type ethernet ifname eth1"), "{}", refusal.remedy);
    assert!(refused("lo").reason.contains("for lo; the device is unmanaged"));
    assert!(refused("lo").remedy.contains("before 1.42 leaves lo alone"));
    let host = wired().nm(&["device lo", "state connected (externally)"]);
    let vip = on("lo", "192.168.175.100/32");
    let refusal = plan(&vip, &Facts::example(), &host.of_address()).unwrap_err();
    let command = "type loopback ifname lo con-name lo ipv4.method manual ipv4.addresses 192.168.175.100/32`";
    assert!(refusal.remedy.contains(command), "{}", refusal.remedy);
    // once it is there, its file is edited
    let file = keyfile("lo");
    let line = format!("file {file}");
    let text = "[connection]\nid=lo\ntype=loopback\ninterface-name=lo\n\n[ipv4]\naddress1=127.0.0.1/8\nmethod=manual\n";
    let lo = [
        "device lo",
        "state connected",
        "profile lo",
        &line,
        "ipv4.method:manual",
        "ipv4.addresses:127.0.0.1/8",
    ];
    let change =
        plan(&vip, &Facts::example(), &wired().nm(&lo).file(&file, text).of_address()).unwrap().unwrap();
    assert!(change.script.reveal().contains("=192.168.175.100/32\n"), "{}", change.script.reveal());
}

#[test]
fn cloud_inits_keyfile_is_refused() {
    let text = format!("# Generated by cloud-init. Changes will be lost.\n\n{STATIC_KEYFILE}");
    let loaded = ["ipv4.method:manual", "ipv4.addresses:192.168.40.101/24", "ipv4.gateway:192.168.40.1"];
    let host = device(&keyfile("cloud-init-eth0"), &text, &loaded);
    assert!(differ(&host).is_ok());
    let refusal = differ(&Host { cloud_init: vec!["cloud-init".into()], ..host }).unwrap_err();
    assert!(
        refusal.reason.contains("cloud-init-eth0.nmconnection is written by cloud-init"),
        "{}",
        refusal.reason
    );
}

#[test]
fn an_address_beside_dhcp_stays_beside_it() {
    let host = device(&keyfile("Wired one"), DHCP, &["ipv4.method:auto"]);
    let owners = Owners::parse(&host.owners()).unwrap();
    let setting = Setting::Address { net: "192.168.40.110/24".parse().unwrap(), interface: "eth0" };
    let edit = owners.of("eth0").unwrap().set(&setting).unwrap().remove(0);
    let text = edit.new.unwrap();
    let line = text.lines().find(|line| line.ends_with("=192.168.40.110/24")).unwrap();
    assert_eq!(text, DHCP.replace("[ipv4]\n", &format!("[ipv4]\n{line}\n")));
}

#[test]
fn the_last_address_does_not_go_from_below_a_gateway() {
    let owners = Owners::parse(&wired().owners()).unwrap();
    let setting = Setting::NoAddress { address: "192.168.40.101".parse().unwrap(), interface: "eth0" };
    let refusal = owners.of("eth0").unwrap().set(&setting).unwrap_err();
    assert!(refusal.reason.contains("whose gateway 192.168.40.1 needs one"), "{}", refusal.reason);
}
