//! Kernel modules: loaded now, and at the next boot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drop_in::{self, keep_directory};
use super::shell::{Attributes, replace};
use super::word::words;
use super::{Aspect, Change, Context, Facts, Kind, Refusal, Script, Unreadable, quote};

mod reverse;

pub use reverse::Prior;

/// A kernel module that is loaded, now and after the next boot.
///
/// Whether it is loaded, and whether it will be at boot (a file of `modules-load.d` names it, or it is built into
/// the kernel), are compared apart.
///
/// ```yaml
/// - kernel_module: { name: ip_vs }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KernelModule {
    /// The module's name: `ip_vs`. A dash is the same as an underscore.
    pub name: String,
}

/// What is on the host for one module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether the kernel has it now.
    pub running: bool,
    /// Whether it will after a boot: a file names it, or it is built into the kernel.
    pub at_boot: bool,
    /// Whether lvsprov's own file names it.
    pub own: bool,
    /// Of one that is not loaded: the modules that would be loaded with it, in the order of their loading.
    pub with: Vec<String>,
}

fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

impl Kind for KernelModule {
    const MODULE: &'static str = "kernel_module";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.name.starts_with(|c: char| c.is_ascii_alphanumeric()) && self.name.chars().all(legal) {
            Ok(())
        } else {
            Err(format!("`{}` is no kernel module's name", self.name))
        }
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let names: Vec<String> = batch.iter().map(|m| canonical(&m.name)).collect();
        let pattern = names.iter().map(|name| name.replace('_', "[-_]")).collect::<Vec<_>>().join("|");
        format!(
            r#"missing=
for m in {names}; do
  if [ -d "/sys/module/$m" ]; then echo "loaded $m"; else missing="$missing $m"; fi
done
if [ -n "$missing" ]; then
  grep -sE '/({pattern})\.ko' {builtin}
  for m in $missing; do modprobe --show-depends "$m" 2>/dev/null | while read -r k d _; do
    d=${{d##*/}} d=${{d%%.*}}
    while :; do case $d in *-*) d=${{d%%-*}}_${{d#*-}};; *) break;; esac; done
    if [ "$k" = insmod ] && [ "$d" != "$m" ] && ! [ -d "/sys/module/$d" ]; then echo "with $m $d"; fi
  done; done
fi
echo =
{files}"#,
            names = words(names.iter().map(String::as_str)),
            builtin = quote(&format!("/lib/modules/{}/modules.builtin", facts.kernel)),
            files = drop_in::probe("modules-load.d", &[]),
        )
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let early = || Unreadable::new("kernel_module", "it ends too early");
        let (running, files) = text.split_once("=\n").ok_or_else(early)?;
        let (files, _) = drop_in::parse(files, &[])?;
        let named: Vec<String> = files.iter().flat_map(|f| &f.lines).map(|line| canonical(line)).collect();
        let observe = |module: &&Self| {
            let name = canonical(&module.name);
            let loaded = running.lines().any(|line| line.strip_prefix("loaded ") == Some(&name));
            let mut builtin = running.lines().filter_map(|line| drop_in::base(line).strip_suffix(".ko"));
            let builtin = builtin.any(|builtin| canonical(builtin) == name);
            let with = running.lines().filter_map(|line| line.strip_prefix("with ")?.split_once(' '));
            Observed {
                running: loaded || builtin,
                at_boot: builtin || named.contains(&name),
                own: files.iter().any(|file| file.path == module.own()),
                with: with.filter(|(m, _)| *m == name).map(|(_, other)| other.to_owned()).collect(),
            }
        };
        Ok(batch.iter().map(observe).collect())
    }

    fn differ(&self, observed: &Observed, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        let mut aspects = Vec::new();
        let mut script = Script::new();
        if !observed.at_boot {
            let own = self.own();
            aspects.push(Aspect::value("at boot", None, Some(format!("loaded ({own})"))));
            let attributes = Attributes { mode: Some("0644"), owner: Some("0"), group: Some("0") };
            script += "mkdir -p /etc/modules-load.d\n";
            script += replace(&own, &format!("# Written by lvsprov.\n{}\n", self.name), attributes);
        }
        if !observed.running {
            aspects.push(Aspect::value("running", None, Some("loaded".into())));
            script += &format!(
                "modprobe {0} || {{ echo \"can't load {0}: is the package with this kernel's modules installed \
                 (in a container, load it on the machine that runs it)?\" >&2; exit 1; }}\n",
                self.name
            );
        }
        Ok((!aspects.is_empty()).then(|| Change::new(aspects, script)))
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior { running: observed.running, own: observed.own, with: observed.with.clone() })
    }

    fn keep(&self) -> String {
        keep_directory("/etc/modules-load.d")
    }

    fn revert(&self, prior: &Prior, observed: &Observed, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        Ok(prior.reversal(self, observed))
    }
}

impl KernelModule {
    /// The file of lvsprov's own that names it for the boot.
    fn own(&self) -> String {
        format!("/etc/modules-load.d/lvsprov-{}.conf", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(output: &str) -> Observed {
        let module = KernelModule { name: "ip-vs".into() };
        KernelModule::parse(&[&module], &Facts::example(), output.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn loaded_and_named_for_the_boot_are_two_truths() {
        let named = "file /etc/modules-load.d/a.conf\n/etc/modules-load.d/a.conf:ip_vs\n";
        let seen = |output: &str| (observe(output).running, observe(output).at_boot);
        assert_eq!(seen("=\n"), (false, false));
        assert_eq!(seen("loaded ip_vs\n=\n"), (true, false));
        assert_eq!(seen(&format!("=\n{named}")), (false, true));
    }

    #[test]
    fn what_is_built_in_is_there_at_boot_as_well() {
        let both = Observed { running: true, at_boot: true, ..Observed::default() };
        assert_eq!(observe("kernel/net/netfilter/ipvs/ip_vs.ko\n=\n"), both);
    }
}
