# The reverse proxy: Caddy with our rules, not as root.
FROM caddy:2-alpine
RUN addgroup -g 10001 kosops && adduser -D -H -u 10001 -G kosops kosops \
    && mkdir -p /data /config && chown -R 10001:10001 /data /config
COPY deploy/Caddyfile /etc/caddy/Caddyfile
USER 10001:10001
