//! The checks, a module per part of the protocol.
mod access;
mod cancelling;
mod closed;
mod completing;
mod creating;
mod damaged;
mod dead;
mod ending;
mod killed;
mod living;
mod resources;
mod running;
mod shared;
mod short;
mod transport;
mod unknown;

use super::check::Group;
pub use short::LARGEST_UPLOAD;

/// All of them. Within a group the order holds, and what ends a session comes last.
pub const GROUPS: &[&Group] = &[
    &short::GROUP,
    &transport::GROUP,
    &unknown::GROUP,
    &creating::GROUP,
    &dead::GROUP,
    &living::GROUP,
    &shared::GROUP,
    &damaged::GROUP,
    &killed::GROUP,
    &closed::GROUP,
    &access::GROUP,
];
