"""The services of the platform, one module each; `mockplatform.service` says what a module has to have."""
