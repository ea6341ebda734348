//! The protocol: the client, and the values that travel.

mod credentials;

pub use credentials::Credentials;
