# One image per service: docker build --build-arg SERVICE=edge .
FROM node:24-bookworm-slim AS node
# PID 1 has no default action for signals: what comes before Node runs its first line would be lost, and `docker stop` would
# wait and kill. tini is there in a millisecond. (`docker run --init` does the same; Kubernetes has nothing like it.)
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
WORKDIR /app


FROM node AS pnpm
ENV PNPM_CONFIG_STORE_DIR=/pnpm/store TURBO_TELEMETRY_DISABLED=1
# The version stands in package.json, once.
RUN --mount=type=bind,source=package.json,target=package.json \
    npm install --global "$(node --print "require('./package.json').packageManager")"


# What this service needs of the monorepo: manifests and lockfile in out/json, sources in out/full. COPY keeps the modes of
# the checkout. Made under umask 027 or 077, it would give an image that its own user cannot read.
FROM pnpm AS pruned
ARG SERVICE
COPY . .
RUN --mount=type=cache,target=/pnpm/store,sharing=locked \
    pnpm dlx turbo@catalog: prune "@halfopen/$SERVICE" --docker && chmod -R a+rX out


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
# No shell and no package manager in between: tini passes SIGTERM on to Node, which ends its requests and exits. The flags
# are those of the service's start script.
ENTRYPOINT ["tini", "--"]
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]
