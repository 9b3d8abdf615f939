CREATE TABLE business (id integer);
