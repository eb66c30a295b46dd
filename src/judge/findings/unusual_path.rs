//! The path is valid by RFC 5280, but it relies on rules that some verifiers do not implement.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `unusual_path`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::UnusualPath,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[(
        "rules",
        "name_encoding, critical_policies, name_constraint_forms, self_issued_constraints, self_issued_path_length",
    )],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(chain) = &case.chain else {
        return Vec::new();
    };
    let best = &chain.choice.best;
    if best.limits.is_empty() || !best.reaches() {
        return Vec::new();
    }
    let rules: Vec<String> = best.limits.iter().map(ToString::to_string).collect();
    vec![FINDING.found(vec![("rules", rules.into())])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The chain relies on rules that some clients do not implement",
        meaning: "The chain is valid by RFC 5280, and OpenSSL accepts it, as do Chrome, Apple and \
            Windows to our knowledge. Other verifiers refuse it, because they implement only part of path validation. \
            `name_encoding`: an issuer's name is spelled in another string type, case or spacing \
            than the subject above it. `critical_policies`: a certificate has a critical policy \
            extension. `name_constraint_forms`: directory, URI or mail names are constrained. \
            `self_issued_path_length` and `self_issued_constraints`: a CA certified its own next \
            key, and that certificate must not count. Such chains come from the PKI of \
            governments and companies.",
        check_first: &[
            "Find out which clients use the service. Browsers on Windows, macOS and Android accept \
                the chain; programs built with rustls, and partly Go and Firefox, do not.",
            "See whether the CA offers another intermediate or cross-certificate without the \
                special rule.",
        ],
        fixes: &[
            (
                "CA, name_encoding",
                "Issue with the issuer name copied byte for byte from the CA certificate's \
                    subject (OpenSSL does so; some CA products re-encode it). RFC 5280 section \
                    4.1.2.6 asks for the same encoding.",
            ),
            (
                "CA, critical_policies",
                "Do not mark certificate policies as critical. Policy constraints and inhibit any \
                    policy must be critical; leave them out of chains for TLS servers.",
            ),
            (
                "CA, name_constraint_forms",
                "Constrain DNS names and addresses only in CAs for TLS servers.",
            ),
            (
                "CA, self-issued certificates",
                "After a key rollover, serve a chain under the new root without the certificate \
                    that links both keys.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
    },
    ja: Text {
        title: "一部のクライアントが実装していない規則に依存する証明書チェーンです",
        meaning: "この証明書チェーンは RFC 5280 では有効で、OpenSSL、Chrome、Apple、Windows は受け入\
            れます。パス検証の一部しか実装していないクライアントは拒否します。`name_encoding` は、\
            発行者名の文字列型、大文字小文字、空白が上位の証明書のサブジェクトと異なることを示しま\
            す。`critical_policies` はクリティカルなポリシー拡張、`name_constraint_forms` はディレク\
            トリ名、URI、メール名の名前制約、`self_issued_path_length` と \
            `self_issued_constraints` は、認証局が自身の次の鍵に発行した証明書があることを示します。\
            政府や企業の PKI でよく見られます。",
        check_first: &[
            "どのクライアントがこのサービスを使うかを確認します。Windows、macOS、Android のブラウザー\
                は受け入れますが、rustls を使うプログラムや、一部の Go、Firefox は拒否します。",
            "認証局が、この規則に依存しない中間証明書やクロス証明書を提供していないか確認します。",
        ],
        fixes: &[
            (
                "認証局（name_encoding）",
                "発行者名を、認証局の証明書のサブジェクトとバイト単位で同じにして発行します（RFC \
                    5280 4.1.2.6）。",
            ),
            (
                "認証局（critical_policies）",
                "証明書ポリシーをクリティカルにしません。ポリシー制約と inhibit any policy はクリティ\
                    カルでなければならないため、TLS サーバー用のチェーンでは使わないようにします。",
            ),
            (
                "認証局（name_constraint_forms）",
                "TLS サーバー用の認証局では、DNS 名と IP アドレスだけを制約します。",
            ),
            (
                "認証局（自己発行証明書）",
                "鍵の更新後は、新旧の鍵をつなぐ証明書を含まない、新しいルートのチェーンを送ります。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
    },
};
