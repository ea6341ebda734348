//! The one line that says what is waited for. It draws on stderr, only on a terminal, and is gone
//! before anything else is written.
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A status line that lives as long as this value.
#[derive(Debug)]
pub struct StatusLine {
    bar: ProgressBar,
}

impl StatusLine {
    /// Shows `text` after a moment, with the elapsed time; `visible` false shows nothing at all.
    ///
    /// The moment keeps quick answers from flickering.
    pub fn start(text: &str, visible: bool) -> Self {
        let bar = if visible {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(Self::plain());
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Changes the text.
    pub fn say(&self, text: &str) {
        if self.bar.message() != text {
            self.bar.set_message(text.to_owned());
        }
    }

    /// Shows a bar for a share from 0.0 to 1.0; none removes it.
    pub fn share(&self, share: Option<f64>) {
        match share {
            Some(share) if self.bar.length().is_none() => {
                self.bar.set_style(Self::with_bar());
                self.bar.set_length(1000);
                self.set(share);
            }
            Some(share) => self.set(share),
            None if self.bar.length().is_some() => {
                self.bar.unset_length();
                self.bar.set_style(Self::plain());
            }
            None => {}
        }
    }

    fn set(&self, share: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=1000 in the line itself"
        )]
        self.bar
            .set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
    }

    /// Runs `write` while the line is off the screen.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }

    fn plain() -> ProgressStyle {
        ProgressStyle::with_template("{spinner} {wide_msg} {elapsed:>4}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
    }

    fn with_bar() -> ProgressStyle {
        ProgressStyle::with_template("{spinner} {msg} [{bar:24}] {percent:>3}% {elapsed:>4}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ")
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
