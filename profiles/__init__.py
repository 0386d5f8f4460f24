"""The room of shoppers: consent, behaviour events, features, segments, recommendations."""
