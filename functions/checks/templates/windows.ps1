# On a server without Active Directory leave -ReplicationScope out.
{% for zone in zones %}
Add-DnsServerConditionalForwarderZone -Name "{{ zone }}" -MasterServers {{ forwardTo | join(",") }} -ReplicationScope "Forest"
{% endfor %}
