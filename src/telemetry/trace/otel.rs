//! Spans by OpenTelemetry. A span that ends goes into a queue of a fixed length; what finds it full is dropped.

use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider};

use super::sender::Sender;
use super::{Options, TraceError};

/// Spans that wait to be sent, and spans sent at once.
const WAITING_MAX: usize = 2_048;
const BATCH_MAX: usize = 512;
const SEND_INTERVAL: Duration = Duration::from_secs(2);
const END_TIMEOUT: Duration = Duration::from_secs(3);
/// W3C Trace Context.
const FIELDS: [HeaderName; 2] = [HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate")];

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Sends traces as long as it is held.
pub struct Tracing(SdkTracerProvider);

impl Tracing {
    /// Begins to send traces. The first call in a process counts.
    ///
    /// # Errors
    /// If the endpoint is no address.
    pub fn begin(options: &Options) -> Result<Self, TraceError> {
        let client = Sender::to(&options.endpoint)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(format!("{}/v1/traces", options.endpoint.trim_end_matches('/')))
            .build()
            .map_err(|_| TraceError::Exporter)?;
        let batch = BatchConfigBuilder::default()
            .with_max_queue_size(WAITING_MAX)
            .with_max_export_batch_size(BATCH_MAX)
            .with_scheduled_delay(SEND_INTERVAL)
            .build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batch).build())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.ratio))))
            .with_resource(Resource::builder_empty().with_service_name("linkgate").with_attribute(version).build())
            .build();
        // A second call changes nothing.
        let _ = TRACER.set(provider.tracer("linkgate"));
        Ok(Self(provider))
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        // What cannot be sent in this time is lost: traces never hold up an end.
        let _ = self.0.shutdown_with_timeout(END_TIMEOUT);
    }
}

/// A step of a request, until it is dropped.
pub struct Span(Option<Context>);

impl Span {
    /// A step that nobody looks at.
    pub fn none() -> Self {
        Self(None)
    }

    /// A request at that door. If there are fields that are trusted, it continues the trace that they name.
    pub fn request(door: &'static str, trusted: Option<&HeaderMap>) -> Self {
        let Some(tracer) = TRACER.get() else { return Self(None) };
        let parent = trusted
            .map(|fields| TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(fields)))
            .unwrap_or_default();
        let builder = tracer.span_builder("request").with_kind(SpanKind::Server);
        let span = builder.with_attributes([KeyValue::new("door", door)]).start_with_context(tracer, &parent);
        Self(Some(parent.with_span(span)))
    }

    /// A step within this one.
    #[must_use]
    pub fn child(&self, name: &'static str) -> Self {
        let (Some(own), Some(tracer)) = (&self.0, TRACER.get()) else { return Self(None) };
        Self(Some(own.with_span(tracer.start_with_context(name, own))))
    }

    /// Notes a name of this program.
    pub fn word(&mut self, key: &'static str, value: &'static str) {
        if let Some(own) = &self.0 {
            own.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// Notes a number.
    pub fn number(&mut self, key: &'static str, value: u64) {
        if let Some(own) = &self.0 {
            own.span().set_attribute(KeyValue::new(key, i64::try_from(value).unwrap_or(i64::MAX)));
        }
    }

    /// Notes that it came to nothing, by a fault that is not the client's.
    pub fn failed(&mut self) {
        if let Some(own) = &self.0 {
            own.span().set_status(Status::error(""));
        }
    }

    /// Ends here, before whoever has it ends.
    pub fn end(self) {
        drop(self);
    }

    /// Tells whoever gets these fields what trace they are in, in place of what they said before.
    pub fn tell(&self, fields: &mut HeaderMap) {
        let Some(own) = &self.0 else { return };
        for name in &FIELDS {
            fields.remove(name);
        }
        TraceContextPropagator::new().inject_context(own, &mut HeaderInjector(fields));
    }
}
