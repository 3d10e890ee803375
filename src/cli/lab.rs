//! `lab`: the inventory's cluster as real kernels on this machine.

use std::os::unix::process::CommandExt;

use super::args::{LabArgs, LabOffArgs, LabRebootArgs, LabSshArgs, LabUpArgs};
use super::context::Context;
use super::exit::{Exit, Stop};
use super::load;
use super::settings;
use crate::inventory::{Image, Inventory};
use crate::lab::{Lab, Reboot};

pub(super) async fn up(args: LabUpArgs, context: &Context) -> Result<Exit, Stop> {
    let (mut inventory, lab) = open(args.inventory.path())?;
    made_from(&mut inventory, args.image.image);
    context.report.hosts(inventory.names());
    context.put_up(&lab, &inventory).await?;
    context.keep();
    Ok(Exit::Done)
}

pub(super) async fn down(args: LabArgs, context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(args.inventory.path())?;
    context.report.hosts(inventory.names());
    context.end_connections(&lab).await;
    lab.down(&mut |event| context.report.tell(event)).await?;
    Ok(Exit::Done)
}

pub(super) async fn status(args: LabArgs, context: &Context) -> Result<Exit, Stop> {
    let (_, lab) = open(args.inventory.path())?;
    context.report.machines(&lab.status(&mut |event| context.report.tell(event)).await?);
    Ok(Exit::Done)
}

pub(super) async fn reboot(args: LabRebootArgs, context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(args.inventory.path())?;
    for host in &args.hosts {
        known(&inventory, host)?;
    }
    let all = || inventory.names().map(str::to_owned).collect();
    let hosts: Vec<String> = if args.hosts.is_empty() { all() } else { args.hosts };
    if lab.exists()? {
        has(&lab, hosts.iter().map(String::as_str))?;
    }
    context.report.hosts(hosts.iter().map(String::as_str));
    let how = if args.hard { Reboot::Hard } else { Reboot::Orderly };
    lab.reboot(&hosts, how, &mut |event| context.report.tell(event)).await?;
    Ok(Exit::Done)
}

pub(super) async fn off(args: LabOffArgs, context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(args.inventory.path())?;
    // A host that has left the inventory may have a machine still.
    for host in lab.lacking(args.hosts.iter().map(String::as_str))? {
        known(&inventory, &host)?;
    }
    if lab.exists()? {
        has(&lab, args.hosts.iter().map(String::as_str))?;
    }
    context.report.hosts(args.hosts.iter().map(String::as_str));
    lab.off(&args.hosts, &mut |event| context.report.tell(event)).await?;
    Ok(Exit::Done)
}

/// Becomes ssh, so that the terminal is wholly its own.
pub(super) async fn ssh(args: LabSshArgs, _context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(args.inventory.path())?;
    known(&inventory, &args.host)?;
    if !lab.has_guests() {
        return Err(Stop::usage("the lab is not up", "start it with `lvsprov lab up INVENTORY`"));
    }
    has(&lab, [args.host.as_str()])?;
    let mut ssh = std::process::Command::new("ssh");
    ssh.arg("-F").arg(lab.ssh_config()).arg(&args.host).args(args.command);
    let error = ssh.exec();
    Err(Stop::usage(format!("can't start ssh: {error}"), "install the OpenSSH client"))
}

/// What ssh runs to reach into the lab's namespace.
pub(super) fn proxy(namespace: &str, host: &str, port: u16) -> Exit {
    match crate::lab::proxy(namespace, host, port) {
        Ok(()) => Exit::Done,
        Err(error) => {
            // ssh passes these words on as its own; they are kept in its style, which is what gets understood.
            eprintln!("ssh: connect to host {host} port {port}: {}", plain(&error));
            Exit::Failed
        }
    }
}

/// An error in the C library's words, as ssh would say it.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

fn open(path: &std::path::Path) -> Result<(Inventory, Lab), Stop> {
    let inventory = load::inventory(path)?;
    let lab = settings::lab_of(&inventory)?;
    Ok((inventory, lab))
}

fn known(inventory: &Inventory, host: &str) -> Result<(), Stop> {
    if inventory.host(host).is_some() {
        return Ok(());
    }
    Err(Stop::usage(
        format!("`{host}` is no host of this inventory"),
        crate::document::choose_from(host, inventory.names()),
    ))
}

/// Whether the lab has a machine of each of these hosts, which the inventory has.
pub(super) fn has<'h>(lab: &Lab, hosts: impl IntoIterator<Item = &'h str>) -> Result<(), Stop> {
    match lab.lacking(hosts)?.as_slice() {
        [] => Ok(()),
        [host] => Err(Stop::usage(format!("the lab has no machine `{host}`"), LAB_UP)),
        hosts => Err(Stop::usage(format!("the lab has no machines `{}`", hosts.join("`, `")), LAB_UP)),
    }
}

const LAB_UP: &str = "run `lvsprov lab up INVENTORY`, which starts what is not there";

/// Says of the hosts that do not say it what their machines are made from.
pub(super) fn made_from(inventory: &mut Inventory, image: Option<Image>) {
    for host in &mut inventory.hosts {
        host.image = host.image.or(image);
    }
}
