//! A wildcard in the certificate covers every name below a public suffix, such as `*.co.uk`.

use super::{Definition, Doc, MAX_LISTED, Needs, Text};
use crate::judge::case::Case;
use crate::observation::PresentedName;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `wildcard_on_public_suffix`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WildcardOnPublicSuffix,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[("names", "the wildcard names, at most the first twenty")],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(leaf) = case.chain.as_ref().and_then(|chain| chain.contents()) else {
        return Vec::new();
    };
    let presented = leaf.sans.iter().flatten();
    let wide = presented.filter_map(|name| match name {
        PresentedName::Dns(name) if on_public_suffix(name) => Some(name.clone()),
        _ => None,
    });
    let wide: Vec<String> = wide.take(MAX_LISTED).collect();
    match wide.is_empty() {
        true => Vec::new(),
        false => vec![FINDING.found(vec![("names", wide.into())])],
    }
}

/// Returns true if the wildcard is directly below a suffix under which a registry sells names. A
/// company that gives names to its customers (the private part of the list) may have a wildcard.
fn on_public_suffix(name: &str) -> bool {
    let Some(parent) = name.strip_prefix("*.") else {
        return false;
    };
    let parent = parent.to_ascii_lowercase();
    psl::suffix(parent.as_bytes())
        .is_some_and(|suffix| suffix == parent.as_bytes() && suffix.typ() == Some(psl::Type::Icann))
}

const DOC: Doc = Doc {
    en: Text {
        title: "A wildcard covers a whole public suffix",
        meaning: "The certificate contains a wildcard directly below a public suffix, such as \
            `*.com` or `*.co.uk`. Registries sell names under such suffixes, so the wildcard \
            claims the names of everybody there. Public CAs must not issue such certificates \
            (Baseline Requirements, section 3.2.2.6), so this one comes from a private CA, a \
            script or a test. Clients that use the Public Suffix List do not accept such a \
            wildcard as a match; other clients do. tlsweep uses the list that is built into this \
            version, and only the part for registries.",
        check_first: &[
            "Check the issuer. A TLS-inspecting proxy on the scanning side, or a device that \
                creates its own certificates, may be answering instead of the server.",
        ],
        fixes: &[
            (
                "CA",
                "Reissue the certificate for the names that the server really serves, or for a \
                    wildcard below your own domain: `*.example.co.uk`.",
            ),
            (
                "Private CA",
                "Restrict the CA to your own domains with name constraints, so that it cannot \
                    claim other names by mistake.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -ext subjectAltName",
    },
    ja: Text {
        title: "ワイルドカードがパブリックサフィックス全体を対象にしています",
        meaning: "証明書に、`*.com` や `*.co.uk` など、パブリックサフィックス直下のワイルドカード\
            が含まれています。このようなサフィックスの下では、レジストリが名前を販売しています。そ\
            のため、このワイルドカードは他者の名前もすべて対象にします。パブリック認証局による発行\
            は禁止されているため（Baseline Requirements 3.2.2.6）、プライベート認証局、スクリプ\
            ト、テストで作成された証明書と考えられます。Public Suffix List を参照するクライアント\
            は、このようなワイルドカードを一致とみなしません。一致とみなすクライアントもあります。\
            tlsweep は、このバージョンに組み込まれたリストのうち、レジストリの部分だけを使います。",
        check_first: &[
            "発行者を確認します。サーバーの代わりに、スキャン元の TLS インスペクションを行うプロキ\
                シや、証明書を自動生成する機器が応答している可能性があります。",
        ],
        fixes: &[
            (
                "認証局",
                "サーバーが実際に提供する名前、または自社ドメイン直下のワイルドカード\
                    （`*.example.co.uk`）で再発行します。",
            ),
            (
                "プライベート認証局",
                "認証局の証明書に名前制約（name constraints）を設定し、誤って自社ドメイン以外の証\
                    明書を発行できないようにします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -ext subjectAltName",
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_directly_below_registry_suffixes_are_found() {
        let cases = [
            ("*.com", true),
            ("*.co.uk", true),
            ("*.CO.UK", true),
            ("*.xn--p1ai", true),
            ("*.example.com", false),
            ("*.example.co.uk", false),
            ("co.uk", false),
            ("*.github.io", false),
            ("*.test", false),
            ("*.", false),
            ("*..", false),
            ("*", false),
            ("", false),
        ];
        for (name, expected) in cases {
            assert_eq!(on_public_suffix(name), expected, "{name}");
        }
    }
}
