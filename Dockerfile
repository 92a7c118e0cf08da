# The image of Passmuster: one JavaScript file on the official Node image, run as a user that owns nothing.
#   docker build -t registry.example/passmuster:0.1.0 .
FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
# What of the rest is copied stands in .dockerignore.
COPY . ./
RUN npm run build

FROM node:26-slim
LABEL org.opencontainers.image.title="Passmuster" \
      org.opencontainers.image.description="Audits a live Kubernetes cluster against CIS-style checks and mails a report people can act on" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /build/dist/passmuster.js /build/dist/package.json /app/
# For the root file system is read-only, nothing is written but to /tmp.
ENV NODE_ENV=production
WORKDIR /tmp
USER 65532:65532
ENTRYPOINT ["node", "/app/passmuster.js"]
CMD ["--help"]
