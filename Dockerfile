# syntax=docker/dockerfile:1

# One image for every process: which one a container runs is its command (see docker-compose.yml).
# The version is that of the package "node" in package.json, which the image does without.
ARG NODE_IMAGE=node:24.21.0-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY patches patches

# With everything that building needs.
FROM manifests AS pages
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY . .
RUN npm run build && rm -rf .next/cache

# What runs: no development dependencies, no Node beside the image's, no embedded Postgres.
FROM manifests AS dependencies
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Tillstream" \
  org.opencontainers.image.licenses="MIT"
WORKDIR /app
# Root owns the program, so the process cannot change it; what it keeps goes to /data.
RUN install --directory --owner=node --group=node /data
COPY --from=dependencies /app/node_modules node_modules
COPY . .
COPY --from=pages /app/.next .next
ENV NODE_ENV=production \
  NODE_OPTIONS=--disable-warning=ExperimentalWarning \
  NEXT_TELEMETRY_DISABLED=1 \
  LOG_FORMAT=json \
  PORT=3000 \
  INTAKE_PORT=3001 \
  DATA_DIR=/data
USER node
EXPOSE 3000 3001
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=2s \
  CMD ["node", "platform/launch/health.ts", "web"]
# Every process ends in good order on SIGTERM, and starts no others: "--init" serves only a stop in its first second.
CMD ["node", "server/web/main.ts"]
