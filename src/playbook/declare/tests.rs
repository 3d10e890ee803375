use super::*;
use crate::document::Source;
use crate::inventory;
use crate::playbook::builtin_template;
use crate::resource::Effect;

const INVENTORY: &str = include_str!("../../../inventories/tutorial.yaml");

/// What a playbook declares for a host of the tutorial.
fn declared(playbook: &str, host: &str) -> Result<Vec<Declaration>, Vec<DeclareError>> {
    declared_of(INVENTORY, playbook, host, &[])
}

fn declared_of(
    inventory: &str,
    playbook: &str,
    host: &str,
    tags: &[&str],
) -> Result<Vec<Declaration>, Vec<DeclareError>> {
    let engine = Engine::new();
    engine.add_file("index.html.j2", builtin_template("index.html.j2").unwrap());
    let inventory = inventory::read(Source::new("tutorial.yaml", inventory)).unwrap();
    let playbook = Playbook::read(&Source::new("play.yaml", playbook), &engine).unwrap();
    let variables = Variables::new(&inventory);
    let index = inventory.index_of(host).unwrap();
    let plays: Vec<bool> = playbook.select(&inventory).unwrap().iter().map(|play| play[index]).collect();
    let facts = Facts::example();
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    playbook.declare((&engine, &inventory, &inventory.hosts[index], &facts), &variables, &plays, &tags)
}

/// The same as `module subject` lines.
fn told(playbook: &str, host: &str) -> Vec<String> {
    let tell = |declaration: Declaration| {
        format!("{} {}", declaration.resource.module(), declaration.resource.subject())
    };
    declared(playbook, host).unwrap().into_iter().map(tell).collect()
}

#[test]
fn the_builtin_playbook_is_the_tutorial() {
    let deploy = crate::playbook::builtin_playbook("deploy").unwrap();
    assert_eq!(
        told(deploy, "lvs_real_server01"),
        [
            "package apache2, chrony",
            "file /var/www/html/index.html",
            "service apache2",
            "file /etc/chrony/chrony.conf",
            "service chrony",
            "clock system time",
            "default_gateway 192.168.40.100",
        ]
    );
    assert_eq!(
        told(deploy, "lvs_director"),
        [
            "package ipvsadm, chrony, curl",
            "file /etc/chrony/chrony.conf",
            "service chrony",
            "clock system time",
            "kernel_module ip_vs",
            "kernel_module ip_vs_rr",
            "sysctl net.ipv4.ip_forward",
            "virtual_services web (tcp 192.168.175.100:80)",
        ]
    );
    assert_eq!(told(deploy, "client"), ["package curl"]);
}

#[test]
fn conditions_loops_and_variables_decide_what_is_declared() {
    let playbook = "\
- hosts: all
  vars: { dir: /srv, sub: '{{ dir }}/{{ inventory_hostname }}' }
  tasks:
    - file: { dest: '{{ sub }}/{{ item }}', state: directory }
      loop: [a, b]
    - file: { dest: '{{ sub }}/{{ item.name }}', content: 'x' }
      loop: '{{ real_servers }}'
      when: [role == 'director', item.name != 'lvs_real_server02']
    - sysctl: { name: vm.swappiness, value: '{{ level }}' }
      vars: { level: 10 }
      when: false
    - file: { dest: '{{ sub }}/{{ twice }}', state: absent }
      vars: { letters: [c, d], twice: '{{ item }}{{ item }}' }
      loop: [c]
";
    assert_eq!(
        told(playbook, "lvs_director"),
        [
            "file /srv/lvs_director/a",
            "file /srv/lvs_director/b",
            "file /srv/lvs_director/lvs_real_server01",
            "file /srv/lvs_director/cc"
        ]
    );
    assert_eq!(told(playbook, "client"), ["file /srv/client/a", "file /srv/client/b", "file /srv/client/cc"]);
}

#[test]
fn what_is_undefined_is_told_with_what_is_near() {
    let playbook = "- hosts: real_servers\n  tasks:\n    - default_gateway: { via: '{{ dpi }}' }\n";
    let errors = declared(playbook, "lvs_real_server01").unwrap_err();
    assert_eq!(errors[0].error.message, "`dpi` is undefined");
    assert!(errors[0].error.remedy.starts_with("did you mean `dip`?"), "{}", errors[0].error.remedy);
    assert_eq!(errors[0].span.offset, playbook.find("'{{").unwrap());
}

#[test]
fn a_file_knows_the_services_that_read_it() {
    let playbook = "\
- hosts: client
  tasks:
    - file: { dest: /etc/a.conf, content: x }
    - service: { name: a, state: started, restart_on: [/etc/a.conf] }
";
    let declared = declared(playbook, "client").unwrap();
    let Resource::File(file) = &declared[0].resource else { panic!("{declared:?}") };
    assert_eq!(file.notifies, [("a".to_owned(), Effect::Restart)]);
}

#[test]
fn a_file_leaves_word_for_a_service_whose_task_is_not_selected() {
    let playbook = "\
- hosts: client
  tasks:
    - package: { name: a }
    - package: { name: [a, b] }
      tags: conf
    - file: { dest: '/etc/{{ nothing }}', content: x }
    - file: { dest: /etc/a.conf, content: x }
      tags: conf
    - service: { name: a, restart_on: [/etc/a.conf] }
";
    let declared = declared_of(INVENTORY, playbook, "client", &["conf"]).unwrap();
    let [package, file] = &declared[..] else { panic!("{declared:?}") };
    assert_eq!(package.resource.subject(), "a, b");
    let Resource::File(file) = &file.resource else { panic!("{file:?}") };
    assert_eq!(file.notifies, [("a".to_owned(), Effect::Restart)]);
}

/// The chain of docs/playbook.md, each link of which goes before the next one: the task's variables, the loop's item, the play's
/// variables, the host's part in the cluster, its own variables, the facts.
#[test]
fn of_a_name_that_is_defined_twice_the_first_counts() {
    let inventory = INVENTORY.replace(
        "lvs_real_server01: { rip: 192.168.40.101/24 }",
        "lvs_real_server01: { rip: 192.168.40.101/24, vars: { httpd: own, color: red } }",
    );
    let said = |vars: &str, task: &str, text: &str| {
        let playbook = format!(
            "- hosts: lvs_real_server01\n  vars: {vars}\n  tasks:\n    - file: {{ dest: /x, content: \"{text}\" }}\n{task}"
        );
        let declared = declared_of(&inventory, &playbook, "lvs_real_server01", &[]).unwrap();
        let [Declaration { resource: Resource::File(file), .. }] = &declared[..] else {
            panic!("{declared:?}")
        };
        file.content.clone().unwrap()
    };
    let none = "{}";
    assert_eq!(said(none, "", "{{ httpd }}"), "own", "a host's variable before the facts");
    assert_eq!(said(none, "", "{{ dip }} {{ role }}"), "192.168.40.100 real_server");
    assert_eq!(said("{ color: blue }", "", "{{ color }}"), "blue", "a play's before the host's");
    assert_eq!(said("{ color: ~ }", "", "{{ color or 'none' }}"), "none", "also when it is empty");
    assert_eq!(said("{ proxy: }", "", "{{ proxy is none }}!"), "True!");
    assert_eq!(said("{ dip: mine }", "", "{{ dip }}"), "mine", "a play's before the cluster's part");
    assert_eq!(said("{ time: noon }", "", "{{ time }}"), "noon", "and before what all hosts share");
    assert_eq!(said("{ os: none }", "", "{{ os }}"), "none", "and before the facts");
    let looped = "      loop: [one]\n";
    assert_eq!(said("{ item: two }", looped, "{{ item }}"), "one", "the item before the play's");
    let own = "      vars: { item: 3, color: green, dip: 4, os: 5 }\n";
    let all = "{{ item }} {{ color }} {{ dip }} {{ os }}";
    assert_eq!(
        said("{ color: blue }", &format!("{looped}{own}"), all),
        "3 green 4 5",
        "the task's before all"
    );
    // Each is rendered with what goes behind it, those before it in the same mapping among them.
    let own = "      vars: { role: '{{ role }}!', twice: '{{ role }}{{ role }}' }\n";
    assert_eq!(said("{ role: 'my {{ role }}' }", own, "{{ twice }}"), "my real_server!my real_server!");
}

#[test]
fn a_text_keeps_what_stands_beside_its_braces() {
    let content = |text: &str| {
        let playbook =
            format!("- hosts: client\n  tasks:\n    - file: {{ dest: /x, content: \"{text}\" }}\n");
        let declared = declared(&playbook, "client").unwrap();
        let Resource::File(file) = &declared[0].resource else { panic!("{declared:?}") };
        file.content.clone().unwrap()
    };
    assert_eq!(content("{{ inventory_hostname }}\\n"), "client\n");
    assert_eq!(content(" {{ role }}"), " client");
    assert_eq!((content("{{- 5 }}"), content("{{ 5 -}}")), ("5".into(), "5".into()));
}

#[test]
fn a_block_is_a_list_where_its_expression_is_one_and_else_a_text() {
    let playbook = "\
- hosts: client
  vars: { dirs: [a, b], empty: ~ }
  tasks:
    - file: { dest: '/{{ item }}', state: directory }
      loop: >
        {{ dirs }}
    - file:
        dest: '/x{{ item }}'
        content: |
          {{ item }}
      loop: [5, five, true, '{{ empty }}']
    - file:
        dest: /y
        content: |
          {{ 'of directors alone' if role == 'director' }}
";
    let declared = declared(playbook, "client").unwrap();
    let contents = declared.iter().filter_map(|declaration| match &declaration.resource {
        Resource::File(file) => file.content.as_deref(),
        _ => None,
    });
    assert_eq!(contents.collect::<Vec<_>>(), ["5\n", "five\n", "True\n", "None\n", "\n"]);
    assert_eq!(declared.len(), 7);
}

#[test]
fn a_template_is_held_to_what_a_file_is() {
    let task = |args: &str| {
        let args = format!("src: index.html.j2, {args}");
        declared(&format!("- hosts: client\n  tasks:\n    - template: {{ {args} }}\n"), "client")
    };
    let declared = task("dest: /x, owner: 1000, group: www-data, mode: '0600', secret: true").unwrap();
    let Resource::File(file) = &declared[0].resource else { panic!("{declared:?}") };
    assert_eq!((file.owner.as_deref(), file.group.as_deref()), (Some("1000"), Some("www-data")));
    assert!(file.secret && file.mode.is_some() && file.content.as_deref() == Some("client\n"), "{file:?}");
    for (args, said) in [
        ("dest: x", "must be an absolute path"),
        ("dest: /x, secret: ", "`secret` is true or false"),
        ("dest: /x, mode: 644", "octal digits in quotes"),
    ] {
        let errors = task(args).unwrap_err();
        let message = &errors[0].error.message;
        assert!(message.starts_with("template: ") && message.contains(said), "{message}");
    }
}

#[test]
fn a_service_comes_after_the_files_that_it_depends_on() {
    let file = "    - file: { dest: /etc/a.conf, content: x }\n";
    let service = "    - service: { name: a, state: started, reload_on: [/etc/a.conf] }\n";
    let same = "    - service: { name: a.service, restart_on: [/etc/a.conf] }\n";
    let play = "- hosts: client\n  tasks:\n";
    for good in
        [format!("{play}{file}{service}"), format!("{play}{service}{file}{same}"), format!("{play}{service}")]
    {
        declared(&good, "client").unwrap();
    }
    // A mode of its own may come later, and is no reason for the service to restart in the next run.
    let mode = "    - file: { dest: /etc/a.conf, mode: '0600' }\n";
    let declared_mode = declared(&format!("{play}{mode}{file}{service}{mode}"), "client").unwrap();
    let notified = declared_mode.iter().filter_map(|declaration| match &declaration.resource {
        Resource::File(file) => Some(file.notifies.len()),
        _ => None,
    });
    assert_eq!(notified.collect::<Vec<_>>(), [1, 1, 0]);
    let chrony = "    - time_sync: { servers: [10.0.0.1] }\n    - file: { dest: /etc/chrony/chrony.conf, mode: '0600' }\n";
    declared(&format!("{play}{chrony}"), "client").unwrap();
    for late in [format!("{play}{service}{file}"), format!("{play}{file}{service}{play}{file}")] {
        let errors = declared(&late, "client").unwrap_err();
        assert_eq!(
            errors[0].error.message,
            "`/etc/a.conf` is declared after the service `a`, which depends on it"
        );
        assert_eq!((errors.len(), errors[0].span.offset), (1, late.find("service").unwrap()));
    }
}

#[test]
fn a_loop_may_use_the_task_s_variables_that_need_no_item() {
    let play = |vars: &str, items: &str| {
        format!(
            "- hosts: client\n  vars: {{ twice: [p] }}\n  tasks:\n    - file: {{ dest: '/{{{{ twice }}}}', state: absent }}\n      \
             vars: {vars}\n      loop: {items}\n"
        )
    };
    let vars = "{ twice: '{{ item }}{{ item }}', letters: [c, d], more: '{{ letters }}' }";
    for items in ["'{{ letters }}'", "'{{ more }}'", "[c, '{{ letters[1] }}']"] {
        assert_eq!(told(&play(vars, items), "client"), ["file /cc", "file /dd"], "{items}");
    }
    let error =
        |vars: &str, items: &str| declared(&play(vars, items), "client").unwrap_err().remove(0).error.message;
    assert_eq!(error(vars, "'{{ lettres }}'"), "`lettres` is undefined", "what is wrong is the loop itself");
    for items in ["'{{ twice }}'", "'{{ twice | list }}'", "['{{ twice }}x']"] {
        assert_eq!(error(vars, items), "`item` is undefined", "the play's `twice` is another one: {items}");
    }
}

#[test]
fn a_condition_keeps_the_braces_of_its_own() {
    for (condition, holds) in [
        ("role in {'client': 1}", true),
        ("{{ {'client': true}[role] }}", true),
        ("{'a': {'b': false}}.a.b", false),
        ("{{ role == 'director' }}", false),
        ("{'client': {'x': 1}}[role] == {'x': 1}", true),
        ("role in {'a': {'b': 1}}", false),
    ] {
        let task = format!("{{ kernel_module: {{ name: x }}, when: \"{condition}\" }}");
        let told = told(&format!("- hosts: client\n  tasks: [{task}]\n"), "client");
        assert_eq!(told.len(), usize::from(holds), "{condition}");
    }
}
