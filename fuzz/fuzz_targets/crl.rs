//! See `revocation::crl`.
#![no_main]

#[path = "../revocation.rs"]
mod revocation;

libfuzzer_sys::fuzz_target!(|data: &[u8]| revocation::crl(data));
