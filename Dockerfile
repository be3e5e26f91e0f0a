# Switchboard in a container: a build stage, then a small image that runs as nobody.
#
#   docker build -t switchboard .
#   docker run -v switchboard:/var/lib/switchboard -e SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN=… switchboard

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY Cargo.toml Cargo.lock ./
COPY migration migration
COPY config config
COPY src src
RUN cargo build --release --locked --bin switchboard

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 65532 --home-dir /var/lib/switchboard --create-home --shell /usr/sbin/nologin switchboard
COPY --from=build /src/target/release/switchboard /usr/local/bin/switchboard
USER 65532:65532
# Where the database is unless the settings name another: data/switchboard.db in here.
WORKDIR /var/lib/switchboard
VOLUME /var/lib/switchboard
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["switchboard", "health"]
ENTRYPOINT ["switchboard"]
CMD ["serve"]
