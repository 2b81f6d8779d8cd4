# One image per service: docker build --build-arg SERVICE=edge .
FROM node:24-bookworm-slim AS node
WORKDIR /app


FROM node AS pnpm
ENV PNPM_CONFIG_STORE_DIR=/pnpm/store TURBO_TELEMETRY_DISABLED=1
# The version stands in package.json, once.
RUN --mount=type=bind,source=package.json,target=package.json \
    npm install --global "$(node --print "require('./package.json').packageManager")"


# What this service needs of the monorepo: manifests and lockfile in out/json, sources in out/full.
FROM pnpm AS pruned
ARG SERVICE
COPY . .
RUN --mount=type=cache,target=/pnpm/store,sharing=locked \
    pnpm dlx turbo@catalog: prune "@halfopen/$SERVICE" --docker


# Sees manifests only, so that a changed source does not install anew. Not `pnpm deploy`: it puts our packages below
# node_modules, where Node refuses to strip types.
FROM pnpm AS installed
COPY --from=pruned /app/out/json/ ./
RUN --mount=type=cache,target=/pnpm/store,sharing=locked \
    pnpm install --prod --frozen-lockfile


FROM node
ARG SERVICE
ENV NODE_ENV=production
# All of it stays root's: a process that was broken into cannot change its own program.
COPY --from=installed /app/ ./
COPY --from=pruned /app/out/full/ ./
USER node
WORKDIR /app/services/$SERVICE
# No shell and no package manager in between: SIGTERM reaches Node, which ends its requests and exits. The flags are those
# of the service's start script.
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]
