//! `lab`: the inventory's cluster as real kernels on this machine.

use std::os::unix::process::CommandExt;

use super::args::{LabArgs, LabRebootArgs, LabSshArgs};
use super::context::Context;
use super::exit::{Exit, Stop};
use super::load;
use super::settings;
use crate::inventory::Inventory;
use crate::lab::Lab;
use crate::transport;

pub(super) async fn up(args: LabArgs, context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(&args.inventory.inventory)?;
    context.report.hosts(inventory.names());
    context.put_up(&lab, &inventory).await?;
    context.keep();
    Ok(Exit::Done)
}

pub(super) async fn down(args: LabArgs, context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(&args.inventory.inventory)?;
    context.report.hosts(inventory.names());
    transport::end_masters(&settings::lab_control_dir(&lab)).await;
    lab.down(&mut |event| context.report.tell(event)).await?;
    Ok(Exit::Done)
}

pub(super) async fn status(args: LabArgs, context: &Context) -> Result<Exit, Stop> {
    let (_, lab) = open(&args.inventory.inventory)?;
    context.report.machines(&lab.status().await?);
    Ok(Exit::Done)
}

pub(super) async fn reboot(args: LabRebootArgs, context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(&args.inventory.inventory)?;
    for host in &args.hosts {
        known(&inventory, host)?;
    }
    let all = || inventory.names().map(str::to_owned).collect();
    let hosts: Vec<String> = if args.hosts.is_empty() { all() } else { args.hosts };
    context.report.hosts(hosts.iter().map(String::as_str));
    lab.reboot(&hosts, &mut |event| context.report.tell(event)).await?;
    Ok(Exit::Done)
}

/// Becomes ssh, so that the terminal is wholly its own.
pub(super) async fn ssh(args: LabSshArgs, _context: &Context) -> Result<Exit, Stop> {
    let (inventory, lab) = open(&args.inventory.inventory)?;
    known(&inventory, &args.host)?;
    if !lab.has_guests() {
        return Err(Stop::usage("the lab is not up", "start it with `lvsprov lab up INVENTORY`"));
    }
    let mut ssh = std::process::Command::new("ssh");
    // ssh joins its arguments with spaces and gives them to a shell: each is quoted, so that it arrives as it was typed.
    let command: Vec<String> = args.command.iter().map(|word| crate::resource::quote(word)).collect();
    ssh.arg("-F").arg(lab.ssh_config()).arg(&args.host).args(command);
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
