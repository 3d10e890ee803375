//! Reads what the plan of a change has to know beside what the probes tell of every host.

use super::Failure;
use super::probe::output;
use crate::plan::Survey;
use crate::playbook::Declaration;
use crate::resource::{Observed, Resource};
use crate::transport::{Exchange, Link};

/// Compares again where what changes had to be looked at more closely.
pub(super) async fn closer(link: &mut Link, mut survey: Survey) -> Result<Survey, Failure> {
    let changing: Vec<usize> = survey.plan.changes().map(|(item, ..)| item).collect();
    if look_closer(link, &survey.declared, &mut survey.observed, &changing).await? {
        survey = Survey::new(survey.facts, survey.declared, survey.observed);
    }
    Ok(survey)
}

/// Reads what is to be known of these resources, by their place, beside what their probes told. Gives whether there was
/// anything; else nothing is asked.
pub(super) async fn look_closer(
    link: &mut Link,
    declared: &[Declaration],
    observed: &mut [Observed],
    items: &[usize],
) -> Result<bool, Failure> {
    let of_item = |item: &usize| Some((*item, declared[*item].resource.closer(&observed[*item])?));
    let asked: Vec<(usize, String)> = items.iter().filter_map(of_item).collect();
    if asked.is_empty() {
        return Ok(false);
    }
    let mut exchange = Exchange::reading(link.read_timeout());
    for (_, script) in &asked {
        exchange.push(script.as_str());
    }
    let reply = link.exchange(&exchange, |_| ()).await?;
    for (section, (item, _)) in asked.iter().enumerate() {
        Resource::learn(&mut observed[*item], output(&reply, section));
    }
    Ok(true)
}
