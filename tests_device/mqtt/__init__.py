"""AT+MQTT* against brokers: what transcripts cannot show."""
