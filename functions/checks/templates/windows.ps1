# On a server without Active Directory leave -ReplicationScope out.
{% for zone in zones %}
Add-DnsServerConditionalForwarderZone -Name "{{ zone }}" -MasterServers {% for address in forwardTo %}"{{ address }}"{{ "" if loop.last else "," }}{% endfor %} -ReplicationScope "Forest" -UseRecursion $false
{% endfor %}
