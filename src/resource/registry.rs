//! All kinds behind one type, so that whoever plans and runs knows none of them by name.

use super::{Facts, Observed, Resource, Unreadable};

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

/// A task's arguments do not make a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgsError {
    /// No kind goes by that name.
    #[error("there is no module `{module}`")]
    UnknownModule {
        /// What was written.
        module: String,
        /// All that there are.
        known: &'static [&'static str],
    },
    /// The arguments are not the module's.
    #[error("{module}: {message}")]
    Args {
        /// The module.
        module: &'static str,
        /// What is wrong with them.
        message: String,
    },
}

impl Section {
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
        $crate::resource::registry::kinds! { @all [$($declared,)* $($derived,)*] }

        impl Resource {
            /// The modules that a task may name.
            pub const fn modules() -> &'static [&'static str] {
                &[$(<$declared as Kind>::MODULE),*]
            }

            /// The resource that a task's rendered arguments declare.
            ///
            /// # Errors
            /// There is no such module, or the arguments are not its own.
            pub fn from_args(module: &str, args: serde_json::Value) -> Result<Resource, ArgsError> {
                $(if module == <$declared as Kind>::MODULE {
                    let wrong = |message| ArgsError::Args { module: <$declared as Kind>::MODULE, message };
                    let declared: $declared =
                        serde_json::from_value(args).map_err(|e| wrong(e.to_string()))?;
                    declared.check().map_err(wrong)?;
                    return Ok(Resource::$declared(declared));
                })*
                Err(ArgsError::UnknownModule { module: module.to_owned(), known: Resource::modules() })
            }

            /// The JSON Schema of each module's arguments.
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                vec![$((<$declared as Kind>::MODULE, schemars::schema_for!($declared))),*]
            }
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

            /// See [`Kind::settles`].
            pub fn settles(&self) -> bool {
                match self { $(Resource::$kind(declared) => declared.settles()),* }
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

            /// See [`Kind::without`].
            pub fn without(&self, shut: &[&Gate]) -> Resource {
                match self { $(Resource::$kind(declared) => Resource::$kind(declared.without(shut))),* }
            }

            /// What is recorded before the first change; `None` where a change can't be taken back. The text beside it
            /// is [`Kind::keep`]'s.
            pub fn record(&self, observed: &Observed) -> Option<(Record, String)> {
                match (self, observed) {
                    $((Resource::$kind(declared), Observed::$kind(observed)) => {
                        let prior = declared.prior(observed)?;
                        let record = Record {
                            module: self.module().to_owned(),
                            subject: self.subject(),
                            declared: serde_json::to_value(declared.trace()).ok()?,
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

pub(super) use kinds;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_task_becomes_a_resource_or_says_why_not() {
        let made =
            Resource::from_args("sysctl", json!({ "name": "net.ipv4.ip_forward", "value": 1 })).unwrap();
        assert_eq!((made.module(), made.subject().as_str()), ("sysctl", "net.ipv4.ip_forward"));
        let error = |module, args| Resource::from_args(module, args).unwrap_err().to_string();
        assert_eq!(
            error("package", json!({ "name": "a", "stat": 1 })),
            "package: unknown field `stat`, expected `name` or `state`"
        );
        assert_eq!(error("packge", json!({})), "there is no module `packge`");
        assert!(error("package", json!({ "name": "a b" })).contains("`a b` is no package's name"));
    }

    #[test]
    fn one_section_a_kind_whatever_the_order() {
        let sysctl = |name| Resource::from_args("sysctl", json!({ "name": name, "value": 1 })).unwrap();
        let module = Resource::from_args("kernel_module", json!({ "name": "ip_vs" })).unwrap();
        let (a, b) = (sysctl("a.b"), sysctl("c.d"));
        let sections = Resource::probe_all(&[&a, &module, &b], &Facts::example());
        let kinds: Vec<_> = sections.iter().map(|s| (s.module, s.indices.as_slice())).collect();
        assert_eq!(kinds, [("sysctl", &[0, 2][..]), ("kernel_module", &[1])]);
    }

    #[test]
    fn every_module_has_a_schema_and_its_fields_are_described() {
        for (module, schema) in Resource::schemas() {
            let fields = schema.get("properties").and_then(|p| p.as_object()).unwrap();
            for (name, field) in fields {
                assert!(field.get("description").is_some(), "{module}: {name} has no description");
            }
        }
    }
}
