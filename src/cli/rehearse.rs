//! `rehearse`: the whole way of an inventory on real kernels, which are gone afterwards.

use std::time::Instant;

use super::args::{HostArgs, RehearseArgs};
use super::context::Context;
use super::deploy::deploy_with;
use super::exit::{Exit, Stop};
use super::job::Prepared;
use super::lab::made_from;
use super::load::{Wanted, load};
use super::settings;
use super::verify::verify_prepared;
use crate::inventory::{Inventory, Role};
use crate::lab::Reboot;
use crate::playbook::Engine;
use crate::report::Summary;

pub(super) async fn rehearse(args: RehearseArgs, context: &Context) -> Result<Exit, Stop> {
    let start = Instant::now();
    let exit = go(args, context).await?;
    context.report.step("lab down");
    let gone = context.clean_up().await;
    let exit = if gone { exit } else { Exit::worst([exit, Exit::Failed]) };
    context.report.summary(&Summary {
        verb: "rehearse",
        exit: exit.code(),
        elapsed: start.elapsed(),
        ..Summary::default()
    });
    Ok(exit)
}

async fn go(args: RehearseArgs, context: &Context) -> Result<Exit, Stop> {
    let path = args.inventory.path();
    let playbook = args.playbook.playbook.as_deref();
    let engine = Engine::new();
    // A mistake in a document is worth knowing before a minute is spent on machines.
    let mut inventory = load(path, Wanted::deploy(playbook), &engine)?.inventory;
    made_from(&mut inventory, args.image.image);
    let lab = settings::lab_of(&inventory)?;
    if lab.exists()? {
        return Err(Stop::usage(
            format!(
                "there is a lab of cluster `{}` already, and a rehearsal begins with bare machines",
                inventory.cluster
            ),
            "take it down with `lvsprov lab down INVENTORY`, or give the inventory another `cluster` name",
        ));
    }
    let hosts = lab_hosts();

    context.report.hosts(inventory.names());
    context.report.step("lab up: one bare machine a host");
    context.put_up(&lab, &inventory).await?;

    context.report.step("deploy");
    let deployed = deploy_with(path, playbook, &hosts, args.curl, context).await?;
    if deployed.exit != Exit::Done {
        return Ok(deployed.exit);
    }

    context.report.step("deploy again: nothing may change");
    let again = deploy_with(path, playbook, &hosts, args.curl, context).await?;
    if again.exit != Exit::Done {
        return Ok(again.exit);
    }
    if again.changed > 0 {
        context.report.error(
            &format!("the second deploy should have changed nothing, but made changes: {}", again.changed),
            "a task of the playbook is never satisfied: the changes above name it",
        );
        return Ok(Exit::Failed);
    }

    let rebooting = directors_and_real_servers(&inventory);
    context.report.hosts(rebooting.iter().map(String::as_str));
    context.report.step(&format!("reboot {}", rebooting.join(", ")));
    lab.reboot(&rebooting, Reboot::Orderly, &mut |event| context.report.tell(event)).await?;

    context.report.step("verify what the boot brought");
    let engine = Engine::new();
    let prepared = Prepared::new(path, Wanted::deploy(playbook), &hosts, None, &engine, context).await?;
    let exit = verify_prepared(&prepared, args.curl, context).await;
    Ok(exit)
}

/// The options of a run on all of a lab's machines.
fn lab_hosts() -> HostArgs {
    HostArgs {
        lab: true,
        limit: None,
        tags: Vec::new(),
        forks: 20,
        connect_timeout: 30,
        r#become: false,
        ask_become_pass: false,
        become_password_file: None,
    }
}

fn directors_and_real_servers(inventory: &Inventory) -> Vec<String> {
    let keep = |role: &Role| !matches!(role, Role::Client { .. });
    inventory.hosts.iter().filter(|host| keep(&host.role)).map(|host| host.name.clone()).collect()
}
