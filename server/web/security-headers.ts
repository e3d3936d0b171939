import type { ServerResponse } from 'node:http'

/**
 * Pages run only what this server serves and are framed by nobody. Inline scripts and styles are allowed
 * because Next's own bootstrapping and the theme's are inline; nothing users write is ever put into markup
 * unescaped. The development server compiles with eval.
 */
function contentSecurityPolicy(dev: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'unsafe-inline'${dev ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The headers every answer of the web server carries. */
export function securityHeaders({ dev }: { dev: boolean }): (response: ServerResponse) => void {
  const headers = Object.entries({
    'Content-Security-Policy': contentSecurityPolicy(dev),
    'X-Content-Type-Options': 'nosniff',
    // For browsers that know no frame-ancestors.
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  })
  return response => {
    for (const [name, value] of headers) response.setHeader(name, value)
  }
}
