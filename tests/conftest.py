"""What all tests share: the browser fixtures."""

pytest_plugins = ["tests.browser"]
