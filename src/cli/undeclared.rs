//! What is on the hosts beside what is declared.

use super::context::Context;
use crate::plan::Plan;

/// Tells it, also where nothing changes.
pub(super) fn tell_undeclared(plan: &Plan, context: &Context) {
    let others = plan.undeclared.iter().map(|found| (plan.hosts[found.host].name.as_str(), &found.what));
    context.report.undeclared(&others.collect::<Vec<_>>());
}
