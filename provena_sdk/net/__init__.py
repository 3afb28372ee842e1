"""Network settings shared by services, sign-in and files: TLS, proxies, HTTP dates, back-off."""
