//! The durable record of livysh: what ran, where, how it ended; which sessions are ours.
