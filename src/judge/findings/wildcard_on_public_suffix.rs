//! A wildcard of the certificate stands for everybody below a public suffix: `*.co.uk`.

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
    evidence: &[("names", "the wildcards, the first twenty")],
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

/// Whether the wildcard stands directly below a suffix under which a registry sells names. Those of
/// companies that give their customers names (the list's private part) may have their wildcard.
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
        title: "A wildcard covers a public suffix",
        meaning: "A name of the certificate is a wildcard directly below a suffix that a registry \
            sells names under, such as `*.com` or `*.co.uk`: it claims the names of everybody \
            there. Public CAs must not issue that (Baseline Requirements, section 3.2.2.6), so \
            it comes from a private CA, a script, or a test. A client that knows the Public \
            Suffix List does not take such a wildcard for a match; others do. The list is the \
            one that this version of tlsweep was built with, its part for registries alone.",
        check_first: &[
            "See who issued it: an inspecting proxy on our side, or a device that makes its own \
                certificates, may be in between.",
        ],
        fixes: &[
            (
                "CA",
                "Reissue for the names that are really served, or for a wildcard below the own \
                    domain: `*.example.co.uk`.",
            ),
            (
                "Private CA",
                "Constrain the CA to the own domains (name constraints), so that a slip cannot \
                    claim everybody's.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -ext subjectAltName",
    },
    ja: Text {
        title: "ワイルドカードがパブリックサフィックスを対象にしています",
        meaning: "証明書の名前に、`*.com` や `*.co.uk` のように、レジストリが名前を販売しているサ\
            フィックス直下のワイルドカードがあり、他人の名前まで対象に含めています。パブリック認\
            証局による発行は禁止されている（Baseline Requirements 3.2.2.6）ため、プライベート認\
            証局、スクリプト、テストで作られた証明書と考えられます。Public Suffix List を参照する\
            クライアントはこのようなワイルドカードを一致とみなしませんが、一致とみなすクライアント\
            もあります。判定には、この版の tlsweep に組み込まれたリストのうち、レジストリの部分だ\
            けを使います。",
        check_first: &[
            "発行者を確認します。こちら側の検査用プロキシや、自分で証明書を作る機器が間にあるかも\
                しれません。",
        ],
        fixes: &[
            (
                "認証局",
                "実際に提供する名前、または自分のドメイン直下のワイルドカード（`*.example.co.uk`）\
                    で再発行します。",
            ),
            (
                "プライベート認証局",
                "認証局の証明書に名前の制約（name constraints）を入れ、自分のドメイン以外を発行でき\
                    ないようにします。",
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
    fn wildcards_on_what_registries_sell_are_told() {
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
