//! What a bad way to the server does to statements.
use super::*;

#[track_caller]
fn through_a_storm(sent: storm::Sent) {
    let livy = Genuine::bare(&[]);
    let home = Home::new();
    storm::through_a_storm(&home, &livy.url, sent, |arguments| home.livysh(arguments));
    nothing_left(&livy);
}

#[test]
fn of_many_statements_in_a_storm_none_runs_twice_and_no_result_is_lost() {
    through_a_storm(storm::Sent::Once);
}

#[test]
fn of_many_statements_in_a_storm_what_left_no_trace_is_sent_again_on_demand() {
    through_a_storm(storm::Sent::Again);
}
