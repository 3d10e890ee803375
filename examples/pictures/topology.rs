//! An inventory's cluster: clients, directors, real servers, and the subnets between them.

use std::fmt::Write as _;

use lvsprov::inventory::{Host, Inventory};

use super::svg::{escaped, picture};

/// Readable on a light and on a dark page: it has a ground of its own for each.
const STYLE: &str = "\
text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 14px; fill: #1f2328 }
.name { font-weight: 600; font-size: 15px }
.faint { fill: #59636e; font-size: 13px }
.ground { fill: #ffffff }
.host { fill: #f6f8fa; stroke: #818b98; stroke-width: 1.5 }
.wire { stroke: #818b98; stroke-width: 1.5; fill: none }
.subnet { stroke: #0969da; stroke-width: 5; stroke-linecap: round }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .faint { fill: #9198a1 }
  .ground { fill: #0d1117 }
  .host { fill: #151b23; stroke: #9198a1 }
  .wire { stroke: #9198a1 }
  .subnet { stroke: #4493f8 }
}
";

const WIDTH: u32 = 920;
/// How high a host is, and how far the next one is below it.
const HOST: u32 = 90;
const STEP: u32 = 116;
/// Where the hosts' boxes begin and how wide they are: clients, directors, real servers.
const COLUMNS: [(u32, u32); 3] = [(16, 190), (322, 236), (674, 230)];
/// Where the subnets are: before the directors and behind them.
const SUBNETS: [u32; 2] = [264, 616];
/// Room for the names of the subnets.
const TOP: u32 = 44;

/// The cluster as SVG.
pub fn draw(inventory: &Inventory) -> String {
    let of =
        |group: &str| -> Vec<&Host> { inventory.hosts.iter().filter(|host| host.group() == group).collect() };
    let columns = [of("clients"), of("directors"), of("real_servers")];
    let rows = columns.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let rows = u32::try_from(rows).unwrap_or(1);
    let services = u32::try_from(inventory.virtual_services.len()).unwrap_or(0);
    let (bottom, height) = (TOP + rows * STEP, TOP + rows * STEP + 24 * services + 12);

    let mut body = format!("<rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n");
    for (x, subnets) in SUBNETS.into_iter().zip(subnets(inventory)) {
        let _ = writeln!(
            body,
            "<line class=\"subnet\" x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{}\"/>\n\
             <text class=\"faint\" x=\"{x}\" y=\"26\" text-anchor=\"middle\">{}</text>",
            bottom - STEP + HOST,
            escaped(&subnets)
        );
    }
    for ((column, hosts), (x, width)) in columns.iter().enumerate().zip(COLUMNS) {
        // Few hosts beside many stand in their middle.
        let count = u32::try_from(hosts.len()).unwrap_or(0);
        let first = TOP + (rows - count) * STEP / 2;
        for (y, host) in (first..).step_by(STEP as usize).zip(hosts) {
            body += &wires(column, x, width, y + HOST / 2);
            body += &self::host(host, &lines(inventory, host), x, width, y);
        }
    }
    for (y, declared) in (bottom + 14..).step_by(24).zip(inventory.virtual_services.iter()) {
        let forwarding = format!("{:?}", declared.forwarding).to_lowercase();
        let text = format!(
            "service {}: {}, scheduler {}, forwarding {forwarding}",
            declared.name, declared.service.key, declared.service.scheduler
        );
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
            WIDTH / 2,
            escaped(&text)
        );
    }
    let title = format!(
        "The cluster {}: clients, directors and real servers with their addresses",
        inventory.cluster
    );
    picture(WIDTH, height, &title, STYLE, &body)
}

/// What is on each side of the directors.
fn subnets(inventory: &Inventory) -> [String; 2] {
    let join = |mut nets: Vec<String>| {
        nets.dedup();
        nets.join(", ")
    };
    let vips = inventory.directors().flat_map(Host::vips).map(|vip| vip.subnet().to_string());
    let dips = inventory.directors().flat_map(Host::dips).map(|dip| dip.subnet().to_string());
    [join(vips.collect()), join(dips.collect())]
}

/// What is to be said of a host.
fn lines(inventory: &Inventory, host: &Host) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(host.cips().iter().map(|cip| format!("CIP {}", cip.ip())));
    lines.extend(host.vips().iter().map(|vip| format!("VIP {}", vip.ip())));
    lines.extend(host.dips().iter().map(|dip| format!("DIP {}", dip.ip())));
    lines.extend(host.rips().iter().map(|rip| format!("RIP {}", rip.ip())));
    lines.extend(inventory.dips_for(host).iter().map(|dip| format!("gateway {}", dip.ip())));
    lines
}

fn host(host: &Host, lines: &[String], x: u32, width: u32, y: u32) -> String {
    let mut text = format!(
        "<rect class=\"host\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HOST}\" rx=\"8\"/>\n\
         <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>\n",
        x + 14,
        y + 28,
        escaped(&host.name)
    );
    for (y, line) in (y + 52..).step_by(22).zip(lines) {
        let _ = writeln!(text, "<text x=\"{}\" y=\"{y}\">{}</text>", x + 14, escaped(line));
    }
    text
}

/// From a host's box to the subnets beside its column.
fn wires(column: usize, x: u32, width: u32, y: u32) -> String {
    let wire = |from: u32, to: u32| format!("<path class=\"wire\" d=\"M{from} {y}H{to}\"/>\n");
    match column {
        0 => wire(x + width, SUBNETS[0]),
        1 => wire(SUBNETS[0], x) + &wire(x + width, SUBNETS[1]),
        _ => wire(SUBNETS[1], x),
    }
}
