//! What a request carries to say who asks.
use secrecy::SecretString;

/// Credentials, already fetched from wherever they are kept. Secrets do not print.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// The server asks for nothing.
    #[default]
    None,
    /// HTTP Basic, sent with every request without waiting to be asked.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: SecretString,
    },
    /// `Authorization: Bearer`.
    Bearer {
        /// The token.
        token: SecretString,
    },
}
