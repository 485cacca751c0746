-- The table that tcpserver -m reads: see tcpsql(8). Another name will do; db.conf says which.
CREATE TABLE rules (
  id       INT UNSIGNED      NOT NULL AUTO_INCREMENT PRIMARY KEY, -- rows are in this order
  iprules  VARCHAR(80)       NOT NULL,            -- addresses: 192.0.2.1, 10.0-15.*.?, 10.1., 2001:db8::/32, *
  decision CHAR(1)           NOT NULL DEFAULT '', -- D refuses
  env      VARCHAR(4096)     NULL,                -- NAME=value,NAME=value, with \, for a comma in a value
  port     SMALLINT UNSIGNED NULL                 -- of the listener; NULL or 0: every port
);
-- All that tcpsql needs:
--   CREATE USER tcpserver@'10.0.0.%' IDENTIFIED BY 'password';
--   GRANT SELECT ON access.* TO tcpserver@'10.0.0.%';
