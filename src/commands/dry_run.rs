//! `scan --dry-run`: prints what the scan would visit and send.

use std::fmt::{self, Write};
use std::time::Duration;

use super::message::print;
use crate::cli::{Exit, Plan, ScanFlags};
use crate::output::notice;
use crate::pace::{Ceiling, Rate};
use crate::summary::grouped;
use crate::sweep::{Forecast, Planned};

/// Number of services and ports that are listed.
const LISTED: usize = 8;

pub(super) fn run(plan: Plan, flags: &ScanFlags) -> anyhow::Result<Exit> {
    let downloads = plan.sweep.fetcher.is_some();
    let forecast = plan.sweep.forecast()?;
    if forecast.intake.targets == 0 {
        match forecast.intake.skipped() {
            Some(skipped) => notice(format_args!("nothing to visit: {skipped}")),
            None => notice(format_args!("there is no target to visit")),
        }
        return Ok(Exit::Usage);
    }
    print(report(&forecast, flags, downloads).as_bytes())?;
    Ok(Exit::Finished)
}

fn report(forecast: &Forecast, flags: &ScanFlags, downloads: bool) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = targets(&mut text, forecast)
        .and_then(|()| connections(&mut text, forecast, flags))
        .and_then(|()| duration(&mut text, forecast))
        .and_then(|()| caveats(&mut text, forecast, flags, downloads));
    text
}

fn targets(text: &mut String, forecast: &Forecast) -> fmt::Result {
    let intake = &forecast.intake;
    let mut parts = Vec::new();
    for (count, one, many) in [
        (intake.targets, "target", "targets"),
        (forecast.hosts, "host", "hosts"),
        (forecast.names, "to look up", "to look up"),
        (forecast.unusable, "not connectable", "not connectable"),
        (intake.duplicates, "duplicate", "duplicates"),
        (intake.excluded, "excluded", "excluded"),
        (intake.left_out, "left out", "left out"),
        (intake.rejected, "line rejected", "lines rejected"),
    ] {
        if count > 0 {
            let word = if count == 1 { one } else { many };
            parts.push(format!("{} {word}", grouped(count)));
        }
    }
    writeln!(text, "{}\n", parts.join(" · "))?;
    let mut services: Vec<_> = forecast.services.iter().collect();
    services.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for ((service, port), count) in services.iter().take(LISTED) {
        writeln!(text, "{:>12}  {service} on port {port}", grouped(**count))?;
    }
    if let Some(rest) = services.get(LISTED..).filter(|rest| !rest.is_empty()) {
        let count = rest.iter().map(|(_, count)| **count).sum();
        writeln!(text, "{:>12}  on {} others", grouped(count), rest.len())?;
    }
    Ok(())
}

/// Returns a number of connections.
type Count = fn(&Planned) -> u64;

fn connections(text: &mut String, forecast: &Forecast, flags: &ScanFlags) -> fmt::Result {
    let facts: Vec<&str> = flags.hellos.facts.iter().map(|fact| fact.name()).collect();
    let rows: [(String, Count); 5] = [
        ("for the verdict".to_owned(), |it| it.verdict),
        ("--versions all".to_owned(), |it| it.versions),
        (format!("--facts {}", facts.join(",")), |it| it.facts),
        (format!("--retries {}", flags.patience.retries), |it| {
            it.retries
        }),
        ("all".to_owned(), Planned::total),
    ];
    let columns = [&forecast.least, &forecast.usual, &forecast.most];
    let endpoint: (String, Count) = ("one endpoint".to_owned(), |it| it.endpoint);
    let rows = rows.into_iter().chain([endpoint]);
    let rows: Vec<_> = rows
        .map(|(name, of)| (name, columns.map(of)))
        .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
        .collect();
    let width = rows.iter().map(|(name, _)| name.len()).max();
    let width = width.unwrap_or(0).max("connections".len());
    write!(text, "\n{:<width$}", "connections")?;
    for column in ["at least", "usual", "at most"] {
        write!(text, "  {column:>12}")?;
    }
    for (name, counts) in rows {
        write!(text, "\n{name:<width$}")?;
        for count in counts {
            write!(text, "  {:>12}", grouped(count))?;
        }
    }
    writeln!(
        text,
        "\nat least: every port refuses the connection\n\
         usual:    every target is an nginx with TLS 1.2 and 1.3 and default settings (OpenSSL 3.0)\n\
         at most:  whatever the servers answer"
    )
}

fn duration(text: &mut String, forecast: &Forecast) -> fmt::Result {
    let limits = &forecast.limits;
    let mut times = vec![(
        needed(limits.rate, forecast.usual.total()),
        format!("all connections, at --rate {}", limits.rate),
    )];
    let per_ip = limits.rate_per_ip;
    times.extend(forecast.busiest.map(|busiest| {
        let (address, targets) = (busiest.address, grouped(busiest.targets));
        let why = format!("to {address}, which {targets} targets name, at --rate-per-ip {per_ip}");
        (needed(per_ip, busiest.connections), why)
    }));
    let least = times.iter().filter_map(|(time, _)| *time).max();
    match least {
        Some(least) => writeln!(
            text,
            "\ntime at least {}, if the connections are the usual ones:",
            Span(least)
        )?,
        None => writeln!(text, "\ntime: no rate limits it")?,
    }
    if forecast.names > 1 {
        let names = grouped(forecast.names);
        let why =
            format!("if all {names} targets to look up had one address, at --rate-per-ip {per_ip}");
        times.push((needed(per_ip, forecast.to_names), why));
    }
    for (time, why) in &times {
        if let Some(time) = time {
            writeln!(text, "{:>14}  {why}", Span(*time).to_string())?;
        }
    }
    assumption(text, "--concurrency", limits.in_flight, limits.rate)?;
    assumption(
        text,
        "--concurrency-per-ip",
        limits.in_flight_per_ip,
        per_ip,
    )
}

/// Returns the time that these connections take at this rate, or `None` if there is no limit.
fn needed(rate: Rate, connections: u64) -> Option<Duration> {
    let nanos = rate.interval()?.as_nanos() * u128::from(connections);
    Some(Duration::from_nanos(
        u64::try_from(nanos).unwrap_or(u64::MAX),
    ))
}

/// States up to which duration of a connection the limit on concurrency does not slow the scan down.
fn assumption(text: &mut String, flag: &str, at_once: Ceiling, rate: Rate) -> fmt::Result {
    let Some(interval) = rate.interval().filter(|_| at_once != Ceiling::UNLIMITED) else {
        return Ok(());
    };
    let longest = u32::try_from(at_once.get()).unwrap_or(u32::MAX);
    let longest = interval.saturating_mul(longest).as_secs_f64();
    writeln!(
        text,
        "This assumes that {flag} {at_once} is no limit: connections take up to {longest:.1} s on average."
    )
}

fn caveats(
    text: &mut String,
    forecast: &Forecast,
    flags: &ScanFlags,
    downloads: bool,
) -> fmt::Result {
    let mut caveats = Vec::new();
    if forecast.names > 0 {
        caveats.push(match flags.names.all_ips {
            true => "Names are counted with one address each. With --all-ips, every address is visited; \
                 how many there are is not known before the lookup.",
            false => "Names are counted with one address each that accepts connections. If an address does \
                 not, the next one is tried, up to eight.",
        });
    }
    if forecast.names > 0 && flags.targets.exclude.is_some() {
        caveats.push(
            "--exclude: names and given addresses are applied. Addresses that names resolve to are \
             not known yet.",
        );
    }
    if flags.patience.retries > 0 {
        caveats
            .push("A visit is only repeated if its failure may be temporary, after 1 s or more.");
    }
    if downloads {
        caveats.push("Downloads at the end (--aia, --revocation crl) are not counted.");
    }
    if !caveats.is_empty() {
        writeln!(text)?;
    }
    caveats
        .iter()
        .try_for_each(|caveat| writeln!(text, "{caveat}"))
}

/// A duration for people, with its two largest units.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0);
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, _) => write!(f, "{minutes} min {} s", seconds % 60),
            (0, ..) => write!(f, "{hours} h {} min", minutes % 60),
            _ => write!(f, "{days} d {} h", hours % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_and_are_rounded_up() {
        for (milliseconds, shown) in [
            (0, "0 s"),
            (1, "1 s"),
            (59_000, "59 s"),
            (223_000, "3 min 43 s"),
            (3_600_000, "1 h 0 min"),
            (90_061_000, "1 d 1 h"),
        ] {
            let span = Span(Duration::from_millis(milliseconds));
            assert_eq!(span.to_string(), shown, "{milliseconds}");
        }
    }

    #[test]
    fn the_rate_decides_the_time() {
        let ten = Rate::per_second(10.0).unwrap();
        assert_eq!(needed(ten, 2_230), Some(Duration::from_secs(223)));
        assert_eq!(needed(Rate::UNLIMITED, 2_230), None);
    }
}
