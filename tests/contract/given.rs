//! The server that `LIVYSH_TEST_SERVER` names.
use base64::Engine;
use url::Url;

use super::check::{Check, Group, Setting};
use super::http::Place;
use super::lane::{Lane, Verdict, Verdicts};
use super::table::Column;

/// Where an address leads; user and password in it become Basic authentication.
pub fn place(address: &str) -> Result<Place, String> {
    let url = Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
    let (Some(host), "http") = (url.host_str(), url.scheme()) else {
        return Err(format!("{address}: the contract speaks plain http only"));
    };
    let port = url.port_or_known_default().unwrap_or(80);
    let pair = format!("{}:{}", url.username(), url.password().unwrap_or_default());
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    Ok(Place {
        authority: format!("{host}:{port}"),
        base: url.path().trim_end_matches('/').to_owned(),
        authorization: (!url.username().is_empty()).then(|| format!("Basic {basic}")),
    })
}

/// Its column, if one is named. What needs settings of its own cannot be asked of it.
pub fn column(groups: &[&'static Group], wanted: &dyn Fn(&Check) -> bool) -> Option<Column> {
    let address = std::env::var("LIVYSH_TEST_SERVER").ok()?;
    let place = place(&address).unwrap_or_else(|why| panic!("LIVYSH_TEST_SERVER: {why}"));
    let verdicts = Verdicts::default();
    let folder = tempfile::tempdir().unwrap();
    let (asked, not): (Vec<&'static Group>, Vec<_>) = groups
        .iter()
        .copied()
        .partition(|group| matches!(group.setting, Setting::Plain | Setting::Faithful));
    for check in not.iter().flat_map(|group| group.all()) {
        let why = Verdict::None("it needs settings of its own");
        verdicts.lock().unwrap().of.insert(check.name, why);
    }
    let lane = Lane {
        server: "given",
        place,
        folder: folder.path(),
        wanted,
        verdicts: &verdicts,
    };
    lane.run(&asked);
    Some(Column::new("given", verdicts))
}
