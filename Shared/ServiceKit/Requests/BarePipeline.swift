public import HTTPServer

/// Everything that a service's request passes, without a database: for benchmarks of the toolkit itself.
public enum BarePipeline {
    /// A router with the whole pipeline around `routes`. Routes that need a token answer 503, for lack of keys.
    public static func router(_ routes: Routes, logger: Logger, metrics: Metrics) -> Router {
        let pipeline = Pipeline(
            logger: logger, metrics: metrics,
            authenticator: TokenAuthenticator(
                tokens: nil, logger: logger,
                refusals: metrics.counter("tokens_refused_total", help: "Tokens that did not verify.")),
            mapping: ProblemMapping(service: { _ in nil }, logger: logger),
            shedder: Shedder(limit: 1_024, metrics: metrics, logger: logger), deadline: .seconds(10))
        return pipeline.router(routes)
    }
}
