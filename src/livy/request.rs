//! One call as one exchange: build, send, follow redirects, read within bounds.
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response};
use tokio::time::Instant;
use url::Url;

use super::answer::{Answer, Asked};
use super::error::{Error, Failure, Problem, Reason};
use super::patience::{Patience, Progress};
use super::renewal::{Renewals, Renewed};
use super::trace::{Secrets, Trace};
use super::transport::Transport;
use super::upload::Upload;
use super::{Connection, Scheme, headers, reach, redirect};

/// Most bytes of a statement's answer, unpacked.
pub(super) const STATEMENT_LIMIT: u64 = 128 << 20;
/// Most bytes of any other answer, unpacked.
pub(super) const OTHER_LIMIT: u64 = 8 << 20;

/// What a request carries.
pub(super) enum Body {
    Nothing,
    Json(Vec<u8>),
    File(Upload),
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) method: &'static str,
    pub(super) segments: Vec<&'a str>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) limit: u64,
    pub(super) patience: Patience,
    /// The method that is meant, where the POST only stands for it.
    pub(super) instead_of: Option<&'static str>,
}

impl<'a> Call<'a> {
    pub(super) fn get(segments: &[&'a str]) -> Self {
        Self {
            method: "GET",
            segments: segments.to_vec(),
            query: Vec::new(),
            body: Body::Nothing,
            limit: OTHER_LIMIT,
            patience: Patience::Plain,
            instead_of: None,
        }
    }

    pub(super) fn post(segments: &[&'a str], body: Vec<u8>) -> Self {
        Self {
            method: "POST",
            body: Body::Json(body),
            ..Self::get(segments)
        }
    }

    /// The call with a parameter, where there is one.
    pub(super) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// The call with a statement's answer.
    pub(super) fn for_a_statement(mut self) -> Self {
        self.limit = STATEMENT_LIMIT;
        self.patience = Patience::Flowing;
        self
    }
}

/// The connection, prepared: what every exchange needs.
pub(super) struct Wire {
    pub(super) connection: Connection,
    /// Without trailing slash, query and fragment.
    pub(super) base: Url,
    /// The user's headers and the credentials.
    pub(super) headers: HeaderMap,
    /// How the requests log in.
    pub(super) login: Option<Scheme>,
    pub(super) secrets: Secrets,
    pub(super) transport: Transport,
    /// Has the server ever answered?
    pub(super) spoken: AtomicBool,
    /// Did a whole answer in JSON ever come that was no refusal?
    pub(super) served: AtomicBool,
    /// Credentials that took the place of those in `headers`.
    pub(super) renewals: Renewals,
}

impl Wire {
    /// Sends the call; an answer that refuses is an error.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let failed = |path: &str, problem| Error {
            method: call.method,
            path: path.to_owned(),
            problem: Box::new(problem),
        };
        let shown = format!("/{}", call.segments.join("/"));
        let url = self.url(call).map_err(|problem| failed(&shown, problem))?;
        let path = self.below_base(&url);
        let used = self.renewals.current().0;
        let broken = |problem| failed(&path, self.without_secrets(problem));
        let asked = Asked {
            method: call.method,
            login: self.login,
        };
        let first = self.exchange(call, url.clone()).await.map_err(broken)?;
        let mut answer = first.unless_refused(asked);
        let mut renewed = Renewed::No;
        if is_login_refused(&answer) {
            // refused unread, so that a POST may be sent again, too
            match self.renew(used).await {
                Ok(()) => {
                    let second = self.exchange(call, url).await.map_err(broken)?;
                    answer = second.unless_refused(asked);
                    renewed = Renewed::Refused;
                    if is_login_refused(&answer) {
                        self.renewals.refused();
                    }
                }
                Err(why) => renewed = why,
            }
        }
        let mut failure = match answer {
            Err(failure) => failure,
            Ok(answer) => {
                // a page of another service is no answer
                if !self.served.load(Ordering::Relaxed) && answer.is_json() {
                    self.served.store(true, Ordering::Relaxed);
                }
                self.renewals.taken();
                return Ok(answer);
            }
        };
        if failure.status == 401 {
            self.transport.forget_cookies();
        }
        failure.renewed = renewed;
        failure.message = self.secrets.hide(failure.message);
        failure.detail = failure.detail.map(|detail| self.secrets.hide(detail));
        Err(failed(&path, (*failure).into()))
    }

    async fn exchange(&self, call: &Call<'_>, url: Url) -> Result<Answer, Problem> {
        loop {
            let mut renewed = self.transport.renewed();
            let progress = Progress::default();
            let follow = self.follow(call, url.clone(), &progress);
            let run = call
                .patience
                .run(self.connection.read_timeout, &progress, follow);
            tokio::select! {
                biased;
                outcome = run => return outcome,
                // a look changes nothing, and is not left to wait on a connection that may be dead
                Ok(()) = renewed.changed(), if call.method == "GET" => {}
            }
        }
    }

    /// An error for an answer that came and cannot be used.
    pub(super) fn unreadable(&self, call: &Call<'_>, problem: Problem) -> Error {
        let path = self
            .url(call)
            .map(|url| self.below_base(&url))
            .unwrap_or_default();
        Error {
            method: call.method,
            path,
            problem: Box::new(self.without_secrets(problem)),
        }
    }

    fn without_secrets(&self, problem: Problem) -> Problem {
        match problem {
            Problem::Garbled { reason, begin } => Problem::Garbled {
                reason,
                begin: self.secrets.hide(begin),
            },
            other => other,
        }
    }

    /// The call's address. Each segment is escaped as one, so that an id cannot lead elsewhere.
    fn url(&self, call: &Call<'_>) -> Result<Url, Problem> {
        if let Some(odd) = call
            .segments
            .iter()
            .find(|s| matches!(**s, "" | "." | ".."))
        {
            return Err(Problem::Setup(format!(
                "`{odd}` cannot be the id of anything"
            )));
        }
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Problem::Setup("the server's address cannot have a path".to_owned()))?
            .pop_if_empty()
            .extend(&call.segments);
        let user = self
            .connection
            .do_as
            .iter()
            .map(|user| ("doAs", user.as_str()));
        let parameters = call
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let all: Vec<(&str, &str)> = parameters.chain(user).collect();
        if !all.is_empty() {
            url.query_pairs_mut().extend_pairs(all);
        }
        Ok(url)
    }

    fn below_base(&self, url: &Url) -> String {
        let path = url.path();
        let below = path
            .strip_prefix(self.base.path().trim_end_matches('/'))
            .unwrap_or(path);
        match url.query() {
            Some(query) => format!("{below}?{query}"),
            None => below.to_owned(),
        }
    }

    async fn follow(
        &self,
        call: &Call<'_>,
        start: Url,
        progress: &Progress,
    ) -> Result<Answer, Problem> {
        let mut url = start;
        let mut shown = self.below_base(&url);
        for _ in 0..=redirect::MOST {
            let sent = Instant::now();
            let response = self.once(call, &url, &shown, progress).await?;
            let status = response.status().as_u16();
            let location = response.headers().get(LOCATION).map(headers::text_of);
            let known = (call.method == "GET", self.served.load(Ordering::Relaxed));
            match redirect::next(&url, known, status, location.as_deref())? {
                Some(to) => {
                    self.trace(|| Trace::Received {
                        status,
                        took: sent.elapsed(),
                        bytes: 0,
                        begin: format!("redirect to {}", redirect::shown(&to)),
                    });
                    shown = redirect::shown(&to);
                    url = to;
                }
                None => return self.read(call, response, &url, sent, progress).await,
            }
        }
        Err(Problem::Redirect {
            to: shown,
            why: "it has already led through 5 addresses",
            acted: false,
        })
    }

    async fn once(
        &self,
        call: &Call<'_>,
        url: &Url,
        shown: &str,
        progress: &Progress,
    ) -> Result<Response, Problem> {
        let method = Method::from_bytes(call.method.as_bytes()).unwrap_or_default();
        let json = !matches!(call.body, Body::File(_));
        let mut headers = headers::ours(call.method, json);
        if let Some(meant) = call.instead_of {
            headers.insert("x-http-method-override", HeaderValue::from_static(meant));
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        if let Some(login) = self.renewals.current().1 {
            headers.insert(AUTHORIZATION, login);
        }
        self.trace(|| Trace::Sent {
            method: call.method,
            path: shown.to_owned(),
            headers: headers.iter().map(headers::shown).collect(),
            body: match &call.body {
                Body::Nothing => None,
                Body::Json(body) => Some(self.secrets.begin(body)),
                Body::File(upload) => Some(upload.to_string()),
            },
        });
        let request = self
            .transport
            .client(url, &self.connection)?
            .request(method, url.clone())
            .headers(headers);
        let request = match &call.body {
            Body::Nothing => request,
            Body::Json(body) => request.body(body.clone()),
            Body::File(upload) => request.multipart(upload.form(progress).await?),
        };
        let response = request
            .send()
            .await
            .map_err(|error| self.broken(&error, url))?;
        self.spoken.store(true, Ordering::Relaxed);
        Ok(response)
    }

    /// Reads the body within the call's limit, counted after unpacking. A refusal is cut there, not
    /// refused.
    async fn read(
        &self,
        call: &Call<'_>,
        mut response: Response,
        url: &Url,
        sent: Instant,
        progress: &Progress,
    ) -> Result<Answer, Problem> {
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: Vec::new(),
        };
        loop {
            progress.made();
            let Some(chunk) = response
                .chunk()
                .await
                .map_err(|error| self.broken(&error, url))?
            else {
                break;
            };
            if (answer.body.len() + chunk.len()) as u64 > call.limit {
                if answer.is_success() {
                    return Err(Problem::TooLarge { limit: call.limit });
                }
                break;
            }
            answer.body.extend_from_slice(&chunk);
        }
        self.trace(|| Trace::Received {
            status: answer.status,
            took: sent.elapsed(),
            bytes: answer.body.len() as u64,
            begin: self.secrets.begin(&answer.body),
        });
        Ok(answer)
    }

    fn broken(&self, error: &reqwest::Error, url: &Url) -> Problem {
        reach::problem(
            error,
            url,
            &self.connection,
            self.spoken.load(Ordering::Relaxed),
        )
    }

    fn trace(&self, event: impl FnOnce() -> Trace) {
        if let Some(to) = &self.connection.trace {
            // Nobody listening is no error.
            let _ = to.send(event());
        }
    }
}

fn is_login_refused(answer: &Result<Answer, Box<Failure>>) -> bool {
    let failure = answer.as_ref().err();
    failure.is_some_and(|failure| failure.reason == Reason::WrongCredentials)
}
