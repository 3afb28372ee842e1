"""The sandbox's sign-in server, a Keycloak realm."""
