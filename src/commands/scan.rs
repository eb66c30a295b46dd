//! `scan`: the sweep with its summary, manifest and exit code.

use super::ending;
use crate::cli::{Exit, Plan, ScanFlags};
use crate::output::{Clean, notice};
use crate::pace;
use crate::probe;
use crate::summary::{Limits, Manifest, Selection};
use crate::sweep::Ended;

pub(super) fn run(flags: ScanFlags) -> anyhow::Result<Exit> {
    let plan = Plan::new(&flags)?;
    plan.notices
        .iter()
        .for_each(|text| notice(format_args!("{}", Clean::new(text))));
    let manifest = Unfinished::new(&plan, &flags);
    let ended = plan.sweep.run()?;
    ending::report(&ended, flags.output.quiet);
    // If both fail, the error of the sweep is more important than that of the manifest.
    let written = manifest.finish(&ended);
    let nothing = "the input contains no valid target";
    let exit = ending::exit(
        ended,
        &flags.results.gate,
        flags.results.max_unread,
        nothing,
    )?;
    written.map(|()| exit)
}

/// The manifest as known before the sweep.
struct Unfinished {
    manifest: Manifest,
    beside: Option<std::path::PathBuf>,
}

impl Unfinished {
    fn new(plan: &Plan, flags: &ScanFlags) -> Self {
        let sweep = &plan.sweep;
        let started_at = probe::now();
        Self {
            beside: plan.files.first().cloned(),
            manifest: Manifest {
                schema: crate::output::SCHEMA,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                arguments: ending::arguments(),
                started_at,
                finished_at: started_at,
                judged_at: flags.trust.at,
                complete: false,
                inputs: Vec::new(),
                saved: None,
                outputs: ending::outputs(&plan.files),
                trust: ending::stores(&sweep.policy),
                required_stores: ending::required(&sweep.policy),
                revocation: ending::revocation(&sweep.policy),
                resolvers: plan.resolvers.clone(),
                vantage: flags.results.vantage.clone(),
                probe: sweep.approach.lane.name().to_owned(),
                all_versions: sweep.approach.all_versions,
                facts: sweep.approach.facts,
                choice: choice(&sweep.intake.choice),
                limits: limits(plan),
                counts: crate::summary::Summary::default().counts(),
            },
        }
    }

    fn finish(self, ended: &Ended) -> anyhow::Result<()> {
        let Self {
            mut manifest,
            beside,
        } = self;
        manifest.complete = !ended.interrupted && ended.error.is_none();
        ending::write(manifest, beside.as_deref(), ended)
    }
}

fn choice(choice: &crate::sweep::Selection) -> Selection {
    Selection {
        sample: choice.sample.map(|sample| sample.get() as u64),
        shard: choice.shard.map(|shard| shard.to_string()),
        seed: choice.seed,
    }
}

fn limits(plan: &Plan) -> Limits {
    let (limits, timeouts) = (&plan.sweep.limits, &plan.sweep.timeouts);
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).ok();
    let ceiling = |ceiling: pace::Ceiling| {
        (ceiling != pace::Ceiling::UNLIMITED).then_some(ceiling.get() as u64)
    };
    let per_second = |interval: Option<std::time::Duration>| {
        interval.map(|interval| 1.0 / interval.as_secs_f64())
    };
    let resolver = &plan.sweep.resolver;
    Limits {
        rate: per_second(limits.rate.interval()),
        rate_per_ip: per_second(limits.rate_per_ip.interval()),
        concurrency: ceiling(limits.in_flight),
        concurrency_per_ip: ceiling(limits.in_flight_per_ip),
        connect_timeout_ms: milliseconds(timeouts.connect),
        starttls_timeout_ms: milliseconds(timeouts.starttls),
        handshake_timeout_ms: milliseconds(timeouts.handshake),
        timeout_ms: milliseconds(timeouts.total),
        retries: Some(plan.sweep.retries),
        dns_rate: per_second(resolver.interval()),
        dns_concurrency: Some(resolver.in_flight() as u64),
        dns_timeout_ms: milliseconds(resolver.timeout()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli;

    #[test]
    fn every_rate_limit_and_timeout_is_in_the_manifest() {
        let definition = cli::definition();
        let scan = definition.find_subcommand("scan").unwrap();
        let limiting = scan.get_arguments().filter(|flag| {
            let heading = flag.get_help_heading().unwrap_or_default();
            heading.starts_with("Rate limits")
                || heading.starts_with("Timeouts")
                || flag.get_id().as_str().starts_with("dns_")
        });
        let flags: BTreeSet<&str> = limiting.map(|flag| flag.get_id().as_str()).collect();
        let limits = serde_json::to_value(Limits::default()).unwrap();
        let fields = limits.as_object().unwrap().keys();
        let fields: BTreeSet<&str> = fields
            .map(|field| field.strip_suffix("_ms").unwrap_or(field))
            .collect();
        assert!(
            ["rate", "timeout", "dns_rate"]
                .iter()
                .all(|flag| flags.contains(flag))
        );
        assert_eq!(flags, fields);
    }
}
