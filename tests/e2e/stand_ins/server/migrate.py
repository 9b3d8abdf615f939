"""The migrations, which need a database: other tests run them."""
