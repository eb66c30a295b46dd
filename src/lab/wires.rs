//! Cases about what is received instead of a handshake: other protocols, alerts, silence, malformed
//! bytes, and ports that do not listen.

use super::case::LabCase;
use super::conduct::{Conduct, End};
use super::error::LabError;
use super::flight::{
    Flight, HANDSHAKE_FAILURE, INTERNAL_ERROR, UNRECOGNIZED_NAME, fatal_alert, filler,
    malformed_server_hello,
};
use super::issue::Workshop;
use crate::verdict::VerdictKind;

const TLS12: u16 = 0x0303;
/// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, which every client offers.
const COMMON_SUITE: u16 = 0xc02f;

/// The cases of this family.
pub(super) const CASES: &[LabCase] = &[
    LabCase {
        name: "handshake-failure",
        host: "handshake-failure.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the alert handshake_failure for any ClientHello",
        conduct: |_, _| alert(HANDSHAKE_FAILURE),
    },
    LabCase {
        name: "alert-of-no-version",
        host: "alert-of-no-version.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "an alert in a record of version 0.0, as sent by a large network",
        conduct: |_, _| Ok(answer(fatal_alert(0, HANDSHAKE_FAILURE), End::Close)),
    },
    LabCase {
        name: "internal-error",
        host: "internal-error.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the alert internal_error, as sent by servers that have lost their key",
        conduct: |_, _| alert(INTERNAL_ERROR),
    },
    LabCase {
        name: "sni-rejected",
        host: "sni-rejected.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &["sni_rejected"],
        about: "the fatal alert unrecognized_name",
        conduct: |_, _| alert(UNRECOGNIZED_NAME),
    },
    LabCase {
        name: "closes",
        host: "closes.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the connection is closed right after the ClientHello",
        conduct: |_, _| Ok(answer(Vec::new(), End::Close)),
    },
    LabCase {
        name: "resets",
        host: "resets.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the connection is reset right after the ClientHello",
        conduct: |_, _| Ok(answer(Vec::new(), End::Reset)),
    },
    LabCase {
        name: "silent",
        host: "silent.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the ClientHello is never answered",
        conduct: |_, _| Ok(answer(Vec::new(), End::Wait)),
    },
    LabCase {
        name: "drip",
        host: "drip.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the handshake arrives at two bytes per second",
        conduct: |shop, _| Ok(Conduct::Drip(common_flight(shop).done())),
    },
    LabCase {
        name: "half-a-flight",
        host: "half-a-flight.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the connection is closed in the middle of the certificates",
        conduct: |shop, _| {
            let mut flight = common_flight(shop).done();
            flight.truncate(flight.len() / 2);
            Ok(answer(flight, End::Close))
        },
    },
    LabCase {
        name: "malformed-hello",
        host: "malformed-hello.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the ServerHello ends in the middle",
        conduct: |_, _| Ok(answer(malformed_server_hello(), End::Wait)),
    },
    LabCase {
        name: "endless",
        host: "endless.tlsweep.test",
        expect: VerdictKind::HandshakeFailed,
        also: &[],
        about: "the certificates never end",
        conduct: |_, _| {
            Ok(Conduct::Flood {
                head: Flight::new(TLS12, COMMON_SUITE).endless(),
                more: filler(TLS12),
            })
        },
    },
    LabCase {
        name: "http",
        host: "http.tlsweep.test",
        expect: VerdictKind::NotTls,
        also: &[],
        about: "plain HTTP on a TLS port",
        conduct: |_, _| {
            let page =
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            Ok(answer(page.to_vec(), End::Close))
        },
    },
    LabCase {
        name: "http-patient",
        host: "http-patient.tlsweep.test",
        expect: VerdictKind::NotTls,
        also: &[],
        about: "plain HTTP that takes the ClientHello for a request and waits for its end",
        conduct: |_, _| {
            Ok(Conduct::AnswerToLine(
                b"HTTP/1.0 400 Bad request syntax\r\n\r\n",
            ))
        },
    },
    LabCase {
        name: "smtp",
        host: "smtp.tlsweep.test",
        expect: VerdictKind::NotTls,
        also: &[],
        about: "an SMTP banner on a TLS port",
        conduct: |_, _| Ok(Conduct::Banner(b"220 smtp.tlsweep.test ESMTP\r\n")),
    },
    LabCase {
        name: "ssh",
        host: "ssh.tlsweep.test",
        expect: VerdictKind::NotTls,
        also: &[],
        about: "an SSH banner on a TLS port",
        conduct: |_, _| Ok(Conduct::Banner(b"SSH-2.0-tlsweep_lab\r\n")),
    },
    LabCase {
        name: "noise",
        host: "noise.tlsweep.test",
        expect: VerdictKind::NotTls,
        also: &[],
        about: "bytes of no known protocol",
        conduct: |_, _| Ok(answer([0xde, 0xad, 0xbe, 0xef].repeat(16), End::Close)),
    },
    LabCase {
        name: "refused",
        host: "refused.tlsweep.test",
        expect: VerdictKind::Unreachable,
        also: &[],
        about: "nothing listens on the port",
        conduct: |_, _| Ok(Conduct::Refused),
    },
];

fn answer(bytes: Vec<u8>, end: End) -> Conduct {
    Conduct::Answer { bytes, end }
}

fn alert(description: u8) -> Result<Conduct, LabError> {
    Ok(answer(fatal_alert(TLS12, description), End::Close))
}

/// Returns the start of an ordinary TLS 1.2 flight.
fn common_flight(shop: &Workshop) -> Flight {
    let chain = [shop.intermediate.certificate(), shop.root.certificate()];
    Flight::new(TLS12, COMMON_SUITE).certificates(&chain)
}
