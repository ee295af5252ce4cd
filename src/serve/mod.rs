//! The doors: check API, tower middleware, and a reverse proxy in front of a posting API.

mod wire;
