# Makes what the services of the image need on disk, once.
set -e
cd /etc/evaluate
install -d -o bind /var/lib/evaluate/bind
cp zone /var/lib/evaluate/bind/
install -d -o openldap /var/lib/evaluate/ldap /run/slapd
slapadd -f slapd.conf -l base.ldif
chown -R openldap /var/lib/evaluate/ldap
useradd -m -s /bin/sh mailer
echo mailer:secret | chpasswd
install -d -m 1777 /var/lib/evaluate/mail
install -d /srv/files /srv/upload
chmod 777 /srv/upload
seq 20000 > /srv/files/numbers
ln -s numbers /srv/files/link
install -d /run/php /run/dovecot
ln -s "$(ls /usr/sbin/php-fpm8* | head -1)" /usr/local/bin/fpm
cp exim.conf /etc/exim4/exim4.conf
cp index.php /var/www/html/index.php
