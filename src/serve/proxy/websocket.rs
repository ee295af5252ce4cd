//! `WebSocket`s of paths that a preset names: opened with the platform, then bytes both ways.

use std::io;
use std::sync::Arc;

use http::header::{CONNECTION, CONTENT_LENGTH, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::time::timeout;

use crate::serve::answer::{Answer, Body};
use crate::serve::connection::{Open, Wire};

use super::outgoing::Outgoing;
use super::upstream::UpstreamError;
use super::{Passage, Stopped, forward, framing};

pub(super) async fn open(passage: &Passage<'_>, mut request: Request<Incoming>) -> Result<Answer, Stopped> {
    let client = hyper::upgrade::on(&mut request);
    let open = request.extensions_mut().remove::<Arc<Open>>();
    let (head, _) = request.into_parts();
    let mut asked = forward::request(passage, head, Outgoing::Whole(None), None);
    let headers = asked.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let stream = passage.proxy.upstream.dial().await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| UpstreamError::Unreachable)?;
    drop(tokio::spawn(connection.with_upgrades()));
    let answered = timeout(passage.proxy.upstream.timeout(), sender.send_request(asked)).await;
    let mut answered = answered.map_err(|_| UpstreamError::Late)?.map_err(|_| UpstreamError::Garbage)?;
    if answered.status() != StatusCode::SWITCHING_PROTOCOLS {
        let (mut head, body) = answered.into_parts();
        forward::own(&mut head)?;
        return Ok(Response::from_parts(head, Body::Incoming(body)));
    }
    if !answered.headers().get(UPGRADE).is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Err(UpstreamError::Garbage.into());
    }
    let platform = hyper::upgrade::on(&mut answered);
    drop(tokio::spawn(async move {
        let (Ok(client), Ok(platform)) = (client.await, platform.await) else { return };
        // Either side may end it at any moment, and that is how it ends.
        let _ = connect(client, TokioIo::new(platform)).await;
        // Until here it was one of the connections that are counted.
        drop(open);
    }));
    let (mut head, _) = answered.into_parts();
    framing::strip(&mut head.headers, |_| false);
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    Ok(Response::from_parts(head, Body::Whole(None)))
}

/// Bytes both ways, first those that were read while it was still HTTP.
async fn connect(client: Upgraded, mut platform: TokioIo<Upgraded>) -> io::Result<()> {
    let Ok(parts) = client.downcast::<Wire>() else { return Ok(()) };
    let (mut stream, unread) = parts.io.into_inner().into_parts();
    platform.write_all(&parts.read_buf).await?;
    platform.write_all(&unread).await?;
    copy_bidirectional(&mut stream, &mut platform).await?;
    Ok(())
}
