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
        "rules that the chain relies on: name_encoding, critical_policies, name_constraint_forms, \
            self_issued_constraints or self_issued_path_length",
    )],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(chain) = &case.chain else {
        return Vec::new();
    };
    let best = &chain.choice.best;
    if best.needed_rules.is_empty() || !best.reaches() {
        return Vec::new();
    }
    let rules: Vec<String> = best.needed_rules.iter().map(ToString::to_string).collect();
    vec![FINDING.found(vec![("rules", rules.into())])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The chain relies on rules that some clients do not implement",
        meaning: "The chain is valid according to RFC 5280. OpenSSL accepts it, and to our \
            knowledge so do Chrome, Apple and Windows. Some other clients refuse it because they \
            implement path validation only in part. `name_encoding`: the issuer name uses a \
            different string type, letter case or spacing from the subject of the certificate \
            above it. `critical_policies`: a certificate has a critical policy extension. \
            `name_constraint_forms`: a CA constrains directory, URI or mail names. \
            `self_issued_path_length` and `self_issued_constraints`: a CA certified its own next \
            key, and that certificate must not count toward the path length or be checked against \
            name constraints. Such chains are common in government and company PKIs.",
        check_first: &[
            "Find out which clients use the service. Browsers on Windows, macOS and Android \
                accept the chain. Programs that use rustls refuse it, and in some cases so do Go \
                and Firefox.",
            "Check whether the CA offers another intermediate or cross-certificate that does not \
                need the rule.",
        ],
        fixes: &[
            (
                "CA, name_encoding",
                "Copy the issuer name byte for byte from the subject of the CA certificate. \
                    OpenSSL does this; some CA products encode the name again. RFC 5280 section \
                    4.1.2.6 requires the same encoding.",
            ),
            (
                "CA, critical_policies",
                "Do not mark certificate policies as critical. Policy constraints and inhibit any \
                    policy must be critical, so leave them out of chains for TLS servers.",
            ),
            (
                "CA, name_constraint_forms",
                "In CAs for TLS servers, constrain only DNS names and IP addresses.",
            ),
            (
                "CA, self-issued certificates",
                "After a key rollover, send a chain under the new root without the certificate \
                    that links the two keys.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
    },
    ja: Text {
        title: "証明書チェーンが、一部のクライアントの対応していない規則に依存しています",
        meaning: "この証明書チェーンは RFC 5280 では有効です。OpenSSL は受け入れ、確認している範囲\
            では Chrome、Apple、Windows も受け入れます。パス検証の一部しか実装していないクライアン\
            トは拒否します。`name_encoding`：発行者名の文字列型、大文字と小文字、空白が、上位の証\
            明書のサブジェクトと異なります。`critical_policies`：クリティカルなポリシー拡張があり\
            ます。`name_constraint_forms`：ディレクトリ名、URI、メール名が名前制約の対象になってい\
            ます。`self_issued_path_length` と `self_issued_constraints`：認証局が自身の次の鍵に証\
            明書を発行しています。この証明書は、パス長に数えず、名前制約の検査からも除く必要があり\
            ます。このような証明書チェーンは、政府や企業の PKI でよく見られます。",
        check_first: &[
            "このサービスを使うクライアントを確認します。Windows、macOS、Android のブラウザーは受\
                け入れます。rustls を使うプログラムは拒否し、Go と Firefox も拒否することがありま\
                す。",
            "認証局が、この規則に依存しない中間証明書またはクロス証明書を提供していないか確認しま\
                す。",
        ],
        fixes: &[
            (
                "認証局（name_encoding）",
                "発行者名を、認証局の証明書のサブジェクトとバイト単位で一致させて発行します。\
                    OpenSSL はこのように動作しますが、エンコードし直す認証局製品もあります。RFC \
                    5280 の 4.1.2.6 は、同じエンコードを求めています。",
            ),
            (
                "認証局（critical_policies）",
                "証明書ポリシーをクリティカルに設定しないでください。ポリシー制約と inhibit any \
                    policy はクリティカルでなければならないため、TLS サーバー用の証明書チェーンで\
                    は使わないでください。",
            ),
            (
                "認証局（name_constraint_forms）",
                "TLS サーバー用の認証局では、DNS 名と IP アドレスだけを名前制約の対象にします。",
            ),
            (
                "認証局（自己発行証明書）",
                "鍵の更新後は、新しいルート証明書につながる証明書チェーンを送信します。新旧の鍵を\
                    つなぐ証明書は含めません。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts </dev/null",
    },
};
