//! All kinds behind one type, so that whoever plans and runs knows none of them by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema};
use serde_json::Value as Json;

use super::{
    Ability, Address, Change, Clock, Command, Context, DefaultGateway, Facts, File, FirewallOpening, Gate,
    IpvsSettings, KernelModule, Kind, Need, Package, Record, Refusal, SelinuxPort, Service, Sysctl,
    Undeclared, Unreadable, VirtualServices, by_itself,
};
use crate::ipvs::{Names, ServiceKey};

/// The part of a probe that one kind answers, for all of a host's resources of that kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The kind's module.
    pub module: &'static str,
    /// Which of the resources it is about, by their place among those given to [`Resource::probe_all`].
    pub indices: Vec<usize>,
    /// POSIX sh that prints what is there.
    pub script: String,
}

/// A kind that a task declares by its arguments alone.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// The module's name.
    pub module: &'static str,
    /// The JSON Schema of its arguments, with their descriptions and the kind's own.
    pub schema: fn() -> Schema,
    /// Whether the arguments are of the types that they must be; what they are together is not looked at.
    pub shape: fn(Json) -> Result<(), String>,
    /// As [`Resource::read`].
    pub read: fn(Json) -> Result<Resource, String>,
}

impl Declared {
    const fn of<K: Kind + JsonSchema + Into<Resource>>() -> Declared {
        Declared {
            module: K::MODULE,
            schema: || schemars::schema_for!(K),
            shape: |args| serde_json::from_value::<K>(args).map(drop).map_err(|error| error.to_string()),
            read: Resource::read::<K>,
        }
    }
}

impl Resource {
    /// The resource that a task's rendered arguments declare.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn read<K: Kind + Into<Resource>>(args: Json) -> Result<Resource, String> {
        // What else there could be stands in the remedy; here it would name what only a record may say, too.
        let unknown = |message: String| match message.split_once(", expected") {
            Some((unknown, _)) if unknown.starts_with("unknown field") => unknown.to_owned(),
            _ => message,
        };
        let declared: K = serde_json::from_value(args).map_err(|error| unknown(error.to_string()))?;
        declared.check()?;
        Ok(declared.into())
    }
}

impl Section {
    /// The script for a shell that runs nothing else.
    pub fn by_itself(&self) -> String {
        by_itself(&self.script)
    }

    /// What is on the host for each of [`Section::indices`], in their order, from what the script printed.
    /// `resources` are those that [`Resource::probe_all`] was given.
    ///
    /// # Errors
    /// The output is not what the script can have printed.
    pub fn parse(
        &self,
        resources: &[&Resource],
        facts: &Facts,
        output: &[u8],
    ) -> Result<Vec<Observed>, Unreadable> {
        let batch: Vec<&Resource> = self.indices.iter().map(|&i| resources[i]).collect();
        let observed = Resource::parse_batch(self.module, &batch, facts, output)?;
        if observed.len() == batch.len() {
            Ok(observed)
        } else {
            let count = format!("{} of {} were told", observed.len(), batch.len());
            Err(Unreadable::new(self.module, count))
        }
    }
}

/// Makes [`Resource`] and [`Observed`] from a list of the types that are kinds.
macro_rules! kinds {
    (declared: [$($declared:ident),* $(,)?] derived: [$($derived:ident),* $(,)?]) => {
        kinds! { @all [$($declared,)* $($derived,)*] }

        impl Resource {
            /// The kinds that a task declares by their arguments alone.
            pub const DECLARED: &'static [Declared] = &[$(Declared::of::<$declared>()),*];
        }
    };
    (@all [$($kind:ident,)*]) => {
        /// One declaration, of any kind, for one host.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Resource {
            $(#[allow(missing_docs)] $kind($kind)),*
        }

        /// What is on a host, for one [`Resource`] of the same kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Observed {
            $(#[allow(missing_docs)] $kind(<$kind as Kind>::Observed)),*
        }

        $(impl From<$kind> for Resource {
            fn from(declared: $kind) -> Resource {
                Resource::$kind(declared)
            }
        })*

        impl Resource {
            /// The module's name in a playbook.
            pub fn module(&self) -> &'static str {
                match self { $(Resource::$kind(_) => <$kind as Kind>::MODULE),* }
            }

            /// Which thing of the kind this is, in a few words for reports.
            pub fn subject(&self) -> String {
                match self { $(Resource::$kind(declared) => declared.subject()),* }
            }

            /// See [`Kind::path`].
            pub fn path(&self) -> Option<&str> {
                match self { $(Resource::$kind(declared) => declared.path()),* }
            }

            /// See [`Kind::restarts_for`].
            pub fn restarts_for(&self) -> &[String] {
                match self { $(Resource::$kind(declared) => declared.restarts_for()),* }
            }

            /// See [`Kind::provides`].
            pub fn provides(&self) -> Option<Ability> {
                match self { $(Resource::$kind(declared) => declared.provides()),* }
            }

            /// See [`Kind::needs`].
            pub fn needs(&self) -> Option<Need> {
                match self { $(Resource::$kind(declared) => declared.needs()),* }
            }

            /// See [`Kind::settles`].
            pub fn settles(&self) -> bool {
                match self { $(Resource::$kind(declared) => declared.settles()),* }
            }

            /// See [`Kind::is_secret`].
            pub fn is_secret(&self) -> bool {
                match self { $(Resource::$kind(declared) => declared.is_secret()),* }
            }

            /// The probe of all `resources`, one section a kind, each to run in a subshell of its own.
            pub fn probe_all(resources: &[&Resource], facts: &Facts) -> Vec<Section> {
                let mut sections = Vec::new();
                $({
                    let (indices, batch): (Vec<usize>, Vec<&$kind>) = resources
                        .iter()
                        .enumerate()
                        .filter_map(|(i, r)| match r {
                            Resource::$kind(declared) => Some((i, declared)),
                            #[allow(unreachable_patterns)]
                            _ => None,
                        })
                        .unzip();
                    if !batch.is_empty() {
                        let script = <$kind as Kind>::probe(&batch, facts);
                        sections.push(Section { module: <$kind as Kind>::MODULE, indices, script });
                    }
                })*
                sections
            }

            /// What has to change, or `None`.
            ///
            /// # Errors
            /// The change can't be made safely.
            ///
            /// # Panics
            /// `observed` is of another kind.
            pub fn differ(
                &self,
                observed: &Observed,
                context: Context<'_>,
            ) -> Result<Option<Change>, Refusal> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => declared.differ(observed, context),)*
                    #[allow(unreachable_patterns)]
                    _ => panic!("{} was observed as something else", self.module()),
                }
            }

            /// See [`Kind::closer`].
            pub fn closer(&self, observed: &Observed) -> Option<String> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => declared.closer(observed),)*
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }

            /// See [`Kind::learn`].
            pub fn learn(observed: &mut Observed, output: &[u8]) {
                match observed { $(Observed::$kind(observed) => <$kind as Kind>::learn(observed, output)),* }
            }

            /// See [`Kind::undeclared`].
            pub fn undeclared(&self, observed: &Observed, as_declared: bool) -> Vec<Undeclared> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => {
                        declared.undeclared(observed, as_declared)
                    })*
                    #[allow(unreachable_patterns)]
                    _ => Vec::new(),
                }
            }

            /// See [`Kind::without`].
            pub fn without(&self, shut: &[&Gate]) -> Resource {
                match self { $(Resource::$kind(declared) => Resource::$kind(declared.without(shut))),* }
            }

            /// What is recorded before the first change; `None` where a change can't be taken back. The text beside it
            /// is [`Kind::keep`]'s.
            pub fn record(&self, observed: &Observed) -> Option<(Record, String)> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => {
                        let (prior, trace) = (declared.prior(observed)?, declared.trace());
                        let record = Record {
                            module: self.module().to_owned(),
                            subject: trace.subject(),
                            declared: serde_json::to_value(trace).ok()?,
                            prior: serde_json::to_value(prior).ok()?,
                        };
                        Some((record, declared.keep()))
                    })*
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }

            /// The resource that a record is about.
            ///
            /// # Errors
            /// The record is of a module or version that is not known here.
            pub fn of_record(record: &Record) -> Result<Resource, Unreadable> {
                let unknown = || Unreadable::new("a record of a prior state", record.module.as_str());
                $(if record.module == <$kind as Kind>::MODULE {
                    let declared: $kind =
                        serde_json::from_value(record.declared.clone()).map_err(|_| unknown())?;
                    return Ok(Resource::$kind(declared));
                })*
                Err(unknown())
            }

            /// What has to change so that the thing is as its record says, or `None`. See [`Kind::revert`].
            ///
            /// # Errors
            /// That can't be done safely.
            pub fn revert(
                &self,
                record: &Record,
                observed: &Observed,
                context: Context<'_>,
            ) -> Result<Option<Change>, Refusal> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => {
                        let prior = serde_json::from_value(record.prior.clone()).map_err(|error| Refusal {
                            reason: format!("its recorded prior state does not read: {error}"),
                            remedy: "take it back by hand, and remove its record".into(),
                        })?;
                        declared.revert(&prior, observed, context)
                    })*
                    #[allow(unreachable_patterns)]
                    _ => Ok(None),
                }
            }

            /// See [`Kind::yields`].
            pub fn yields(&self, observed: &Observed) -> Option<String> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => declared.yields(observed),)*
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }

            /// See [`Kind::stand_in`].
            pub fn stand_in(&self, observed: &Observed) -> Option<(Resource, Observed)> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => {
                        let (declared, observed) = declared.stand_in(observed)?;
                        Some((Resource::$kind(declared), Observed::$kind(observed)))
                    })*
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }

            /// See [`Kind::busy`].
            pub fn busy(observed: &Observed) -> Option<String> {
                match observed { $(Observed::$kind(observed) => <$kind as Kind>::busy(observed)),* }
            }

            /// See [`Kind::unsettled`].
            pub fn unsettled(observed: &Observed) -> bool {
                match observed { $(Observed::$kind(observed) => <$kind as Kind>::unsettled(observed)),* }
            }

            /// The observations of resources that are all of one kind.
            fn parse_batch(
                module: &str,
                resources: &[&Resource],
                facts: &Facts,
                output: &[u8],
            ) -> Result<Vec<Observed>, Unreadable> {
                $(if module == <$kind as Kind>::MODULE {
                    let batch: Vec<&$kind> = resources
                        .iter()
                        .filter_map(|r| match r {
                            Resource::$kind(declared) => Some(declared),
                            #[allow(unreachable_patterns)]
                            _ => None,
                        })
                        .collect();
                    let observed = <$kind as Kind>::parse(&batch, facts, output)?;
                    return Ok(observed.into_iter().map(Observed::$kind).collect());
                })*
                Err(Unreadable::new(module, "no such kind"))
            }
        }
    };
}

kinds! {
    // A playbook's task declares these by their arguments alone.
    declared: [Package, Service, File, Sysctl, KernelModule, IpvsSettings, Address, DefaultGateway, FirewallOpening, SelinuxPort, Command]
    // These are made from the inventory, or stand for a part of another module.

    derived: [VirtualServices, Clock]
}

impl Resource {
    /// The same with what the inventory alone knows, and no record: what services and real servers are told by, and the
    /// seconds that the services' connections are given.
    pub fn with_inventory(self, names: &Arc<Names>, drain: &BTreeMap<ServiceKey, u32>) -> Resource {
        match self {
            Resource::VirtualServices(declared) => Resource::VirtualServices(VirtualServices {
                names: Arc::clone(names),
                drain: drain.clone(),
                ..declared
            }),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_task_becomes_a_resource_or_says_why_not() {
        let made = Resource::read::<Sysctl>(json!({ "name": "net.ipv4.ip_forward", "value": 1 })).unwrap();
        assert_eq!((made.module(), made.subject().as_str()), ("sysctl", "net.ipv4.ip_forward"));
        let error = |args| Resource::read::<Package>(args).unwrap_err();
        assert_eq!(error(json!({ "name": "a", "stat": 1 })), "unknown field `stat`");
        assert!(error(json!({ "name": "a b" })).contains("`a b` is no package's name"));
    }

    #[test]
    fn one_section_a_kind_whatever_the_order() {
        let sysctl = |name| Resource::read::<Sysctl>(json!({ "name": name, "value": 1 })).unwrap();
        let module = Resource::read::<KernelModule>(json!({ "name": "ip_vs" })).unwrap();
        let (a, b) = (sysctl("a.b"), sysctl("c.d"));
        let sections = Resource::probe_all(&[&a, &module, &b], &Facts::example());
        let kinds: Vec<_> = sections.iter().map(|s| (s.module, s.indices.as_slice())).collect();
        assert_eq!(kinds, [("sysctl", &[0, 2][..]), ("kernel_module", &[1])]);
    }
}
