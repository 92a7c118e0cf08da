#!/usr/bin/env bash
# Installs what the browser and mail suites drive and npm cannot give: Debian's chromium and OpenSMTPD, as root, without a question
# asked and without starting a mail server. Quick when they are there.
set -euo pipefail

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v smtpd >/dev/null || [ -x /usr/sbin/smtpd ] || missing+=(opensmtpd)
if [ ${#missing[@]} -eq 0 ]; then
  echo "chromium and opensmtpd are installed."
  exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Not installed: ${missing[*]}. This script installs them on Debian or Ubuntu, as root; elsewhere install them yourself." >&2
  exit 1
fi

# OpenSMTPD's package starts its server unless the policy forbids it: put a policy where there is none, for as long as this takes.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
echo "opensmtpd opensmtpd/mailname string localhost.localdomain" | debconf-set-selections
apt-get -qq update
apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
echo "Installed: ${missing[*]}."
