//! What tests see of a running model API.

use super::Models;
use super::requests::{AskedRequest, CallRecord, Finished};

impl Models {
    /// All requests for completions, also those that were refused or cut.
    pub fn requests(&self) -> Vec<AskedRequest> {
        self.state.read(|state| state.requests.iter().cloned().collect())
    }

    /// How many requests for completions there were.
    pub fn count(&self) -> usize {
        self.state.read(|state| state.requests.count())
    }

    /// Waits for the n-th request, counted from 1.
    ///
    /// # Panics
    ///
    /// When it does not come, for as long as a test has patience.
    pub async fn request(&self, n: usize) -> AskedRequest {
        self.wait_for(n, |_| true, "come").await
    }

    /// Waits until the n-th request, counted from 1, has ended in one way or another.
    ///
    /// # Panics
    ///
    /// When it does not, for as long as a test has patience.
    pub async fn finished_request(&self, n: usize) -> AskedRequest {
        let has_ended = |request: &AskedRequest| request.finished != Finished::NotYet;
        self.wait_for(n, has_ended, "end").await
    }

    /// Waits for the first request of which something is true.
    ///
    /// # Panics
    ///
    /// When none comes, for as long as a test has patience.
    pub async fn wait_for_request(&self, is_it: impl Fn(&AskedRequest) -> bool) -> AskedRequest {
        let found = self.state.wait_for(|state| {
            let mut requests = state.requests.iter();
            requests.find(|request| is_it(request)).cloned()
        });
        found.await.expect("a request that fits should come")
    }

    /// All calls of all routes.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state.read(|state| state.calls.iter().cloned().collect())
    }

    /// What a correct client would never have sent.
    pub fn problems(&self) -> Vec<String> {
        self.state.read(|state| state.problems.clone())
    }

    /// Returns the problems and forgets them, for tests that are about mistakes.
    pub fn take_problems(&self) -> Vec<String> {
        self.state.update(|state| std::mem::take(&mut state.problems))
    }

    /// The answers in line that nobody has asked for, shortened.
    pub fn unsaid(&self) -> Vec<String> {
        self.state.read(|state| state.script.unsaid())
    }

    /// Remembers only the last requests and calls; they still count.
    pub fn remembers(&self, last: usize) {
        self.state.update(|state| {
            state.requests.keep(last);
            state.calls.keep(last);
        });
    }

    async fn wait_for(&self, n: usize, is_it: impl Fn(&AskedRequest) -> bool, verb: &str) -> AskedRequest {
        let number = n.checked_sub(1).expect("requests are counted from 1");
        let found = self.state.wait_for(|state| {
            let request = state.requests.get(number);
            request.filter(|request| is_it(request)).cloned()
        });
        match found.await {
            Some(request) => request,
            None => panic!("request {n} should {verb}; there are {}", self.count()),
        }
    }
}
