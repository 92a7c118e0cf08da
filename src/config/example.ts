/** What `passmuster config init` writes. A test proves that it is valid as it stands and with every line uncommented. */
export const exampleConfig = `# Configuration of Passmuster. Every setting: docs/configuration.md
# Every single value can also come from a variable (PASSMUSTER_CLUSTER_NAME, PASSMUSTER_SMTP_HOST, ...).
apiVersion: passmuster/v1
kind: Config

# What people call the cluster; the subject of every mail begins with it. Default: its name in the kubeconfig.
#clusterName: prod-eu

# The benchmark edition that is scored. auto chooses by platform (AKS, EKS, GKE, ...) and server version.
benchmark: auto
# 1, or 2 for both levels.
level: 1

# When "passmuster schedule" sends: minute, hour, day of month, month, day of week (here: Mondays at 07:00).
# Stay away from 01:00 to 03:00, hours that are skipped or repeated when clocks change.
schedule: '0 7 * * 1'
timeZone: UTC

# Where reports can go.
channels:
  - name: mail
    type: smtp
    host: smtp.example.com
    # required: STARTTLS or nothing. implicit: TLS from the first byte. none: everything in the clear.
    tls: required
    # 587 with required, 465 with implicit, 25 with none, unless you say otherwise.
    #port: 587
    # Where the server's certificate comes from a certificate authority of your own (PEM).
    #caFile: /etc/passmuster/smtp-ca.pem
    # To log in. The password never stands here: it is read from this file, or from PASSMUSTER_SMTP_PASSWORD.
    #username: passmuster
    #passwordFile: /etc/passmuster/smtp-password
    from: Passmuster <passmuster@example.com>
    # Who answers questions about the report.
    #replyTo: platform-team@example.com
    # How long to try again when the server is unreachable or says to come back later.
    #retrySeconds: 120

# Who gets the report, over which channel, and how much of it.
audiences:
  - name: platform
    channel: mail
    to:
      - platform-team@example.com
    # counts: numbers only. summary: also namespaces and reasons. full: also findings with commands, and a CSV file.
    content: full
  # A team that gets only the findings in its own namespaces:
  #- name: shop
  #  channel: mail
  #  to: [shop-team@example.com]
  #  namespaces: [shop, shop-staging]

# Findings that are accepted. A reason, an owner and a last day are required; * stands for any characters.
exemptions: []
  #- check: host-network
  #  namespace: monitoring
  #  kind: DaemonSet
  #  name: node-exporter*
  #  reason: Reads the network counters of the node.
  #  owner: platform-team
  #  expires: 2027-06-30
`;
